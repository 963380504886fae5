import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { describe, expect, it } from 'vitest';
import { machineBusySeconds, parseStat, usageOf, usageOfGroup } from './process-usage.js';

/** proc_pid_stat(5), fields 1–25, with a command name made to mislead. */
const LINE =
  '4242 (a) 1 (b c) S 1 4242 4242 0 -1 4194560 100 0 0 0 250 150 7 8 20 0 11 0 1234 5678 1000 18446744073709551615';

describe('usage of a process', () => {
  it('is read from the right fields, whatever the command is called', () => {
    const { cpuSeconds, residentBytes } = parseStat(LINE);
    expect(cpuSeconds).toBe(4); // 400 ticks, 100 to the second on every Linux that Node runs on
    expect(residentBytes % 1_000).toBe(0);
    expect(residentBytes / 1_000).toBeGreaterThanOrEqual(4_096);
  });

  it('agrees with what a process knows of itself', () => {
    const { user, system } = process.cpuUsage();
    const { cpuSeconds, residentBytes } = usageOf(process.pid);
    expect(Math.abs(cpuSeconds - (user + system) / 1_000_000)).toBeLessThan(0.5);
    expect(residentBytes).toBeGreaterThan(10_000_000);
  });

  it('is added up over a process group', async () => {
    const spin =
      "setTimeout(() => { while (process.cpuUsage().user < 300000); process.send('done'); }); setInterval(() => {}, 1e6)";
    const script = `const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(spin)}], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      child.on('message', () => process.send('done'));`;
    const leader = spawn(process.execPath, ['-e', script], {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const { pid } = leader;
    if (pid === undefined) throw new Error('no process');
    try {
      await once(leader, 'message');
      const own = usageOf(pid);
      const all = usageOfGroup(pid);
      expect(all.cpuSeconds - own.cpuSeconds).toBeGreaterThan(0.25);
      expect(all.residentBytes).toBeGreaterThan(own.residentBytes * 1.5);
    } finally {
      process.kill(-pid, 'SIGKILL');
    }
  });

  it('is an error for a group that has no process', () => {
    expect(() => usageOfGroup(2 ** 22 + 1)).toThrow('empty');
  });

  it('is an error for a process that is not there', () => {
    expect(() => usageOf(2 ** 22 + 1)).toThrow('ENOENT');
  });
});

describe('usage of the machine', () => {
  it('agrees with what Node reads of each core', () => {
    const busy = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1_000;
    expect(machineBusySeconds()).toBeGreaterThan(busy * 0.9);
  });
});
