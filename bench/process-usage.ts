import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What the operating system has counted for one process, or several together, with all their threads. */
export interface ProcessUsage {
  /** User and system time, in steps of a clock tick (10 ms). */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const PAGE_BYTES = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));

/**
 * Reads `/proc/<pid>/stat` (Linux only).
 * @throws {Error} when there is no such process.
 */
export function usageOf(pid: number): ProcessUsage {
  return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/**
 * All processes of a process group together: of a server and those that it started and that did not leave the group. Memory that they
 * share counts for each.
 * @throws {Error} when the group has no process.
 */
export function usageOfGroup(group: number): ProcessUsage {
  const lines = statLines().filter((line) => statFields(line)(5) === group);
  if (lines.length === 0) throw new Error(`process group ${group} is empty`);
  const usages = lines.map(parseStat);
  return {
    cpuSeconds: usages.reduce((sum, usage) => sum + usage.cpuSeconds, 0),
    residentBytes: usages.reduce((sum, usage) => sum + usage.residentBytes, 0),
  };
}

/** Of every process. */
function statLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8');
      } catch (error) {
        if (isGone(error)) return [];
        throw error;
      }
    });
}

/** Whether a process ended between being listed and being read. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}

/** The line as proc_pid_stat(5) describes it. The second field, the command, may itself contain spaces and parentheses. */
export function parseStat(line: string): ProcessUsage {
  const field = statFields(line);
  return { cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND, residentBytes: field(24) * PAGE_BYTES };
}

/** By their numbers in proc_pid_stat(5), from the third. */
function statFields(line: string): (number: number) => number {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return (number) => Number(fields[number - 3]);
}

/** Seconds of all cores together that were not idle since the machine started, as `/proc/stat` counts them (proc_stat(5)). */
export function machineBusySeconds(): number {
  const [total = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = total.split(/ +/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}
