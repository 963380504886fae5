import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { monotonicMicros } from '../clock.js';
import { Histogram, histogramSchema } from '../histogram.js';

/** Something that can be appended to; resolves when the entry is on disk. */
export interface AppendOnly {
  append(): Promise<unknown>;
  close(): Promise<void>;
}

export const appendReportSchema = z.object({
  appends: z.number().int(),
  micros: z.number(),
  /** From the call to its resolution, microseconds. */
  latency: histogramSchema,
});
export type AppendReport = z.infer<typeof appendReportSchema>;

/** Closed loop: `window` appends are in flight all the time, each followed by the next as soon as it is on disk. */
export async function appendSaturated(log: AppendOnly, window: number, durationMs: number): Promise<AppendReport> {
  const latency = new Histogram();
  const startedAt = monotonicMicros();
  const endAt = startedAt + durationMs * 1_000;
  const lane = async (): Promise<void> => {
    for (let now = monotonicMicros(); now < endAt;) now = await appendOne(log, latency, now);
  };
  await Promise.all(Array.from({ length: window }, lane));
  return { appends: latency.count, micros: monotonicMicros() - startedAt, latency: latency.toData() };
}

/** One append at a time, `perSecond` of them: what a commit costs where nothing is waiting. */
export async function appendAlone(log: AppendOnly, perSecond: number, durationMs: number): Promise<AppendReport> {
  const latency = new Histogram();
  const startedAt = monotonicMicros();
  const endAt = startedAt + durationMs * 1_000;
  for (let now = startedAt; now < endAt; now = monotonicMicros()) {
    await delay(1_000 / perSecond);
    await appendOne(log, latency, monotonicMicros());
  }
  return { appends: latency.count, micros: monotonicMicros() - startedAt, latency: latency.toData() };
}

/** Returns when it was done. */
async function appendOne(log: AppendOnly, latency: Histogram, startedAt: number): Promise<number> {
  await log.append();
  const now = monotonicMicros();
  latency.record(now - startedAt);
  return now;
}
