import { describe, expect, it } from 'vitest';
import { appendAlone, appendSaturated, type AppendOnly } from './append-load.js';

/** A log that notes how many appends are in flight, and finishes them in the next turn. */
class CountingLog implements AppendOnly {
  inFlight = 0;
  most = 0;
  done = 0;

  async append(): Promise<void> {
    this.most = Math.max(this.most, ++this.inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    this.inFlight -= 1;
    this.done += 1;
  }

  async close(): Promise<void> {}
}

describe('appendSaturated', () => {
  it('keeps as many appends in flight as asked, and counts and times each', async () => {
    const log = new CountingLog();
    const report = await appendSaturated(log, 7, 20);
    expect([log.most, log.inFlight]).toEqual([7, 0]);
    expect(report.appends).toBe(log.done);
    expect(report.latency.buckets.reduce((sum, [, count]) => sum + count, 0)).toBe(log.done);
    expect(report.micros).toBeGreaterThanOrEqual(20_000);
  });

  it('fails when an append does', async () => {
    const failing: AppendOnly = { append: () => Promise.reject(new Error('disk full')), close: async () => undefined };
    await expect(appendSaturated(failing, 2, 20)).rejects.toThrow('disk full');
  });
});

describe('appendAlone', () => {
  it('appends one at a time', async () => {
    const log = new CountingLog();
    const report = await appendAlone(log, 1_000, 20);
    expect(log.most).toBe(1);
    expect(report.appends).toBe(log.done);
    expect(log.done).toBeGreaterThan(0);
  });
});
