import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { PublishRecord } from './records.js';

const published = z.object({ id: z.string(), cursor: z.string() });

/** Pause before an unknown outcome is tried again. */
const RETRY_MS = 20;
/** An attempt that is not answered by then counts as unknown. */
const ATTEMPT_TIMEOUT_MS = 10_000;

export interface PublisherOptions {
  readonly name: string;
  readonly url: string;
  readonly apiKey: string;
  /** Bytes of ballast in `data`, so that bursts fill rings and sockets. */
  readonly padBytes?: number;
  /** Gives up waiting for an answer; what was begun stays unacknowledged in the records. */
  readonly signal?: AbortSignal;
}

/** Publishes one after another, each until it is answered: an unknown outcome is tried again with the same idempotency key. */
export class Publisher {
  readonly records: PublishRecord[] = [];
  readonly #options: PublisherOptions;
  #replays = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Answers that were marked as the repetition of an earlier one. */
  get replays(): number {
    return this.#replays;
  }

  /** @throws {Error} for an answer that no repetition would change. */
  async publish(audience: { topics?: readonly string[]; users?: readonly string[] }): Promise<PublishRecord> {
    const serial = this.records.length + 1;
    const { name, padBytes = 0 } = this.#options;
    const record: PublishRecord = {
      key: `${name}#${serial}`,
      publisher: name,
      serial,
      topics: [...(audience.topics ?? []), ...(audience.users ?? []).map((user) => `users/${user}`)],
      startedAt: performance.now(),
      attempts: 0,
      acknowledged: null,
    };
    this.records.push(record);
    const body = JSON.stringify({
      ...audience,
      type: 'chaos.test',
      data: { key: record.key, pad: 'x'.repeat(padBytes) },
    });
    while (!record.acknowledged && !this.#options.signal?.aborted) {
      if (record.attempts++ > 0) await sleep(RETRY_MS);
      record.acknowledged = await this.#attempt(record.key, body);
    }
    return record;
  }

  async #attempt(key: string, body: string): Promise<PublishRecord['acknowledged']> {
    const answer = await this.#post(key, body);
    if (answer === null || answer.status >= 500 || answer.status === 429) return null;
    if (answer.status !== 201) throw new Error(`${key} was answered with ${answer.status}: ${answer.text}`);
    if (answer.replayed) this.#replays++;
    return { ...published.parse(JSON.parse(answer.text)), at: performance.now() };
  }

  /** Null when the connection broke or nobody was there: the outcome is unknown. */
  async #post(key: string, body: string): Promise<{ status: number; text: string; replayed: boolean } | null> {
    const { url, apiKey, signal } = this.#options;
    const deadline = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    try {
      const response = await fetch(`${url}/v1/notifications`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json', 'Idempotency-Key': key },
        body,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      const replayed = response.headers.get('idempotency-replayed') === 'true';
      return { status: response.status, text: await response.text(), replayed };
    } catch (error) {
      if (isBrokenConnection(error)) return null;
      throw error;
    }
  }
}

/** What `fetch` throws when a connection is refused, reset or too slow: a TypeError, or the signal's reason. */
function isBrokenConnection(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  return error instanceof DOMException && (error.name === 'TimeoutError' || error.name === 'AbortError');
}
