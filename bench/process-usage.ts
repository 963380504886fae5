import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What the operating system has counted for one process, all its threads together. */
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

/** The line as proc_pid_stat(5) describes it. The second field, the command, may itself contain spaces and parentheses. */
export function parseStat(line: string): ProcessUsage {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND, residentBytes: field(24) * PAGE_BYTES };
}

/** Seconds of all cores together that were not idle since the machine started, as `/proc/stat` counts them (proc_stat(5)). */
export function machineBusySeconds(): number {
  const [total = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = total.split(/ +/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}
