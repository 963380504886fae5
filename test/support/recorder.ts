import { z } from 'zod';
import type { ClientRecord, Heard } from './records.js';

/** What a client of these tests relies on in a notification. Everything else is judged by the end-to-end tests. */
const heardNotification = z.object({
  id: z.string(),
  cursor: z.string(),
  topic: z.string(),
  data: z.object({ key: z.string() }),
});
const heardControl = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), at: z.number(), topics: z.array(z.string()), cursor: z.string() }),
  z.object({ kind: z.literal('cursor'), at: z.number(), cursor: z.string() }),
  z.object({ kind: z.literal('gap'), at: z.number(), reason: z.string(), cursor: z.string() }),
  z.object({ kind: z.literal('bye'), at: z.number(), reason: z.string() }),
]);

export interface ClientIdentity {
  readonly client: string;
  /** With the person's own topic written out as `users/<id>`. */
  readonly selectors: readonly string[];
  readonly from?: 'earliest' | 'ready';
  readonly gapExpected?: boolean;
}

/** The logbook of one client: keeps what it is told in order, and wakes who waits for something in it. */
export class Recorder implements ClientRecord {
  readonly client: string;
  readonly selectors: readonly string[];
  readonly from: 'earliest' | 'ready';
  readonly gapExpected: boolean;
  readonly heard: Heard[] = [];
  /** What a client should never meet: a refusal, an event that does not fit, an `id` that is not the cursor. */
  readonly failures: string[] = [];
  readonly #counts = new Map<Heard['kind'], number>();
  readonly #waiting = new Set<() => void>();

  constructor({ client, selectors, from = 'ready', gapExpected = false }: ClientIdentity) {
    this.client = client;
    this.selectors = selectors;
    this.from = from;
    this.gapExpected = gapExpected;
  }

  opened(): void {
    this.#add({ kind: 'opened', at: performance.now() });
  }

  subscribed(topics: readonly string[], cursor: string): void {
    this.#add({ kind: 'subscribed', at: performance.now(), topics, cursor });
  }

  notification(data: unknown, place: unknown): void {
    const parsed = heardNotification.safeParse(data);
    if (!parsed.success) return this.failed(`unreadable notification ${JSON.stringify(data)}`);
    const { id, cursor, topic, data: own } = parsed.data;
    this.#checkPlace('notification', cursor, place);
    this.#add({ kind: 'notification', at: performance.now(), key: own.key, id, cursor, topic });
  }

  control(kind: z.infer<typeof heardControl>['kind'], data: unknown, place: unknown): void {
    const parsed = heardControl.safeParse({ ...Object(data), kind, at: performance.now() });
    if (!parsed.success) return this.failed(`unreadable ${kind} ${JSON.stringify(data)}`);
    if ('cursor' in parsed.data) this.#checkPlace(kind, parsed.data.cursor, place);
    this.#add(parsed.data);
  }

  failed(failure: string): void {
    this.failures.push(failure);
    this.#wake();
  }

  count(kind: Heard['kind']): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** Resolves as soon as `condition` holds. @throws {Error} naming `what` after `timeoutMs`, or at once when the client failed. */
  until(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (error) reject(error);
        else resolve();
      };
      const look = () => {
        if (condition()) finish();
        else if (this.failures.length > 0) finish(new Error(`${this.client}: ${this.failures.join('; ')}`));
      };
      const late = () =>
        finish(new Error(`${this.client}: no ${what} within ${timeoutMs} ms; last heard ${this.#tail()}`));
      const timer = setTimeout(late, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  #checkPlace(kind: string, cursor: string, place: unknown): void {
    if (place !== cursor) this.failed(`${kind} names cursor ${cursor} but carries ${String(place)}`);
  }

  #add(heard: Heard): void {
    this.heard.push(heard);
    this.#counts.set(heard.kind, this.count(heard.kind) + 1);
    this.#wake();
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }

  #tail(): string {
    return JSON.stringify(this.heard.slice(-3));
  }
}
