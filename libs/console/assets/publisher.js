import { pause, post, Refusal } from './api.js';

/**
 * @typedef {object} Draft The body of `POST /v1/notifications`.
 * @property {string} topic
 * @property {string} [type]
 * @property {string} [title]
 * @property {string} [body]
 * @property {unknown} [data]
 * @property {true} [ephemeral]
 *
 * @typedef {{ status: number, id: string } | { status: number, error: import('./api.js').Problem }} ItemResult
 */

/** How long an unknown outcome is asked for again, and the waits in between, in milliseconds; the last one repeats. */
const GIVE_UP_AFTER_MS = 60_000;
const RETRY_MS = [250, 500, 1_000, 2_000];

/** Problems with which the server asks to come back later. */
const LATER = new Set([408, 429, 502, 503, 504]);

/**
 * Publishes one notification, and goes on trying with the same idempotency key while nobody answers: however often it is sent,
 * it is published once.
 * @param {string} credential
 * @param {Draft} draft
 * @param {(tries: number) => void} onRetry
 * @returns {Promise<ItemResult>}
 * @throws {Refusal}
 * @throws {TypeError | DOMException} Nobody answered for a minute; whether it is published is unknown.
 */
export async function publish(credential, draft, onRetry) {
  const headers = { 'idempotency-key': newIdempotencyKey() };
  const { status, answer } = await persistently(() => post('v1/notifications', credential, draft, headers), onRetry);
  const { id } = /** @type {{ id: string }} */ (answer);
  return { status, id };
}

/**
 * Publishes up to 1,000 notifications in one request, in this order; the results come in the same order.
 * @param {string} credential
 * @param {readonly Draft[]} drafts
 * @param {(tries: number) => void} onRetry
 * @returns {Promise<readonly ItemResult[]>}
 */
export async function publishBatch(credential, drafts, onRetry) {
  const notifications = drafts.map((draft) => ({ ...draft, idempotencyKey: newIdempotencyKey() }));
  const { answer } = await persistently(() => post('v1/notifications/batch', credential, { notifications }), onRetry);
  return /** @type {{ results: ItemResult[] }} */ (answer).results;
}

/**
 * @template T
 * @param {() => Promise<T>} send
 * @param {(tries: number) => void} onRetry
 * @returns {Promise<T>}
 */
async function persistently(send, onRetry) {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (failure) {
      const final = failure instanceof Refusal && !LATER.has(failure.problem.status);
      if (final || Date.now() > deadline) throw failure;
      onRetry(tries);
      await pause(RETRY_MS[Math.min(tries, RETRY_MS.length) - 1] ?? 0);
    }
  }
}

/** 128 random bits. `crypto.randomUUID` would do, but plain-HTTP pages beyond localhost lack it. */
function newIdempotencyKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
