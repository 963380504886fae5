import { Refusal, send } from './api.js';
import { curedByToken } from './feed.js';

/**
 * @typedef {import('./feed.js').Notification} Notification
 * @typedef {{ count: number, more?: true }} Count
 * @typedef {{ unseen: Count, unread: Count }} Summary
 *
 * @typedef {object} Item A notification of the inbox, and what the person has said of it.
 * @property {Notification & { cursor: string }} notification
 * @property {string} [seenAt]
 * @property {string} [readAt]
 * @property {string} [archivedAt]
 * @property {string} [snoozedUntil]
 * @property {readonly { action: string }[]} [chosen] Of its actions.
 *
 * @typedef {'inbox' | 'unread' | 'archived' | 'snoozed'} Filter
 * @typedef {'seen' | 'read' | 'archived' | 'snoozed'} MarkState
 * @typedef {{ state: MarkState, undo?: boolean, until?: string, ids?: readonly string[], upTo?: string }} Mark
 * @typedef {{ topic: string, since: string }} Follow
 *
 * @typedef {'live' | 'inbox' | 'push'} Channel
 * @typedef {{ live?: boolean, inbox?: boolean, push?: boolean }} Choice
 * @typedef {{ id: string, title: string, description?: string, defaults: Record<Channel, boolean>, locked: readonly Channel[], push?: { when: string } }} Category
 * @typedef {{ from: string, to: string, timeZone: string, days?: readonly number[] }} QuietHours
 *
 * @typedef {object} Preferences
 * @property {Record<string, Choice & { since: string }>} categories
 * @property {{ topic: string, since: string }[]} mutedTopics
 * @property {QuietHours | null} quietHours
 * @property {string | null} doNotDisturbUntil
 * @property {'visible' | 'hidden'} presence
 *
 * @typedef {object} Device Where the person is reached while no page is open, and how it fares.
 * @property {string} id
 * @property {string} [name]
 * @property {string} service
 * @property {string} verifiedAt
 * @property {string} [lastSuccessAt]
 * @property {{ at: string, reason: string }} [lastFailure]
 * @property {boolean} rings
 * @property {string} [cause]
 * @property {string} [because]
 * @property {string} [until]
 *
 * @typedef {{ subscription: PushSubscriptionJSON, name: string, locale: string, timeZone: string }} NewDevice
 *
 * @typedef {object} WantedPreferences
 * @property {Record<string, Choice>} categories
 * @property {readonly string[]} mutedTopics
 * @property {QuietHours | null} quietHours
 * @property {string | null} doNotDisturbUntil
 * @property {'visible' | 'hidden'} presence
 */

/**
 * What a person asks of their own inbox: `/v1/me`. Every method rejects with a {@link Refusal} when the server says no, and with a
 * `TypeError` or `DOMException` when nobody answers.
 */
export class Me {
  #tokens;

  /** @param {import('./tokens.js').Tokens} tokens */
  constructor(tokens) {
    this.#tokens = tokens;
  }

  /**
   * @param {Filter | 'read'} state @param {number} limit At most 100. @param {string} [page]
   * @returns {Promise<{ items: Item[], nextPage?: string }>}
   */
  inbox(state, limit, page) {
    const query = { state, limit: String(limit), ...(page !== undefined && { page }) };
    return this.#ask('GET', `v1/me/inbox?${new URLSearchParams(query)}`);
  }

  /** @returns {Promise<Summary>} */
  summary() {
    return this.#ask('GET', 'v1/me/inbox/summary');
  }

  /** @param {Mark} mark */
  mark(mark) {
    return this.#ask('POST', 'v1/me/marks', mark);
  }

  /** These were shown to the person. @param {readonly string[]} ids */
  ack(ids) {
    return this.#ask('POST', 'v1/me/acks', { ids });
  }

  /** One of its actions was chosen. @param {string} id @param {string} action */
  choose(id, action) {
    return this.#ask('POST', 'v1/me/choices', { id, action });
  }

  /** @returns {Promise<{ devices: Device[] }>} */
  devices() {
    return this.#ask('GET', 'v1/me/devices');
  }

  /** @param {string} id @param {NewDevice} device */
  putDevice(id, device) {
    return this.#ask('PUT', `v1/me/devices/${encodeURIComponent(id)}`, device);
  }

  /** @param {string} id */
  removeDevice(id) {
    return this.#ask('DELETE', `v1/me/devices/${encodeURIComponent(id)}`);
  }

  /** With what browsers subscribe. @returns {Promise<{ publicKey: string }>} */
  pushKey() {
    return this.#ask('GET', 'v1/push/key');
  }

  /** @returns {Promise<{ follows: Follow[] }>} */
  follows() {
    return this.#ask('GET', 'v1/me/follows');
  }

  /** @param {string} topic */
  async follow(topic) {
    await this.#tokens.widen([topic]);
    return this.#ask('PUT', `v1/me/follows?${new URLSearchParams({ topic })}`);
  }

  /** @param {string} topic */
  unfollow(topic) {
    return this.#ask('DELETE', `v1/me/follows?${new URLSearchParams({ topic })}`);
  }

  /** @returns {Promise<Preferences>} */
  preferences() {
    return this.#ask('GET', 'v1/me/preferences');
  }

  /** Replaces all of them. @param {WantedPreferences} wanted @returns {Promise<Preferences>} as they hold from now on */
  prefer(wanted) {
    return this.#ask('PUT', 'v1/me/preferences', wanted);
  }

  /** @returns {Promise<{ categories: Category[] }>} */
  categories() {
    return this.#ask('GET', 'v1/categories');
  }

  /**
   * @param {'GET' | 'POST' | 'PUT' | 'DELETE'} method @param {string} path @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async #ask(method, path, body) {
    const token = await this.#tokens.current();
    try {
      return (await send(method, path, token, body)).answer;
    } catch (failure) {
      const curable = failure instanceof Refusal && curedByToken(failure.problem.code) && this.#tokens.renewable;
      if (!curable) throw failure;
      await this.#tokens.invalidate(token);
      return (await send(method, path, await this.#tokens.current(), body)).answer;
    }
  }
}
