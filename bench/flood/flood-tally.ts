import { z } from 'zod';
import { Histogram, histogramSchema } from '../histogram.js';
import type { FloodAnswer } from './flood-connection.js';

/** What became of the publishes of one load. */
export const floodReportSchema = z.object({
  seconds: z.number(),
  /** Publishes whose time had come. */
  due: z.number(),
  /** Of these not even sent: every connection was waiting for an answer. */
  unsent: z.number(),
  accepted: z.number(),
  /** Answers that are not 2xx, by their status. */
  refused: z.record(z.string(), z.number()),
  /** Of these how many did not say when to come back. */
  withoutRetryAfter: z.number(),
  /** From the sending to the answer, microseconds. */
  acceptedMicros: histogramSchema,
  refusedMicros: histogramSchema,
});
export type FloodReport = z.infer<typeof floodReportSchema>;

/** Counts answers. */
export class FloodTally {
  due = 0;
  unsent = 0;
  readonly #accepted = new Histogram();
  readonly #refused = new Histogram();
  readonly #statuses = new Map<number, number>();
  #withoutRetryAfter = 0;

  take({ status, hasRetryAfter, micros }: FloodAnswer): void {
    if (status >= 200 && status < 300) return this.#accepted.record(micros);
    this.#refused.record(micros);
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (!hasRetryAfter) this.#withoutRetryAfter++;
  }

  report(seconds: number): FloodReport {
    return {
      seconds,
      due: this.due,
      unsent: this.unsent,
      accepted: this.#accepted.count,
      refused: Object.fromEntries(this.#statuses),
      withoutRetryAfter: this.#withoutRetryAfter,
      acceptedMicros: this.#accepted.toData(),
      refusedMicros: this.#refused.toData(),
    };
  }
}
