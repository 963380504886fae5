import { post, Refusal } from './api.js';
import { isToken } from './credential.js';

/** Seconds that a minted token is asked to live. */
const TOKEN_TTL = 3_600;
/** The part of a token's life after which it is renewed. */
const RENEW_AFTER = 0.8;
/** Every token may read this without a grant. */
const OWN_TOPIC = 'users/me';
const USER = 'console';

/**
 * Subscriber tokens for some topics. With an API key they are minted here and renewed before they expire; a token that a person
 * pasted is used until it expires.
 */
export class Tokens {
  #credential;
  #topics;
  #onRenewed;
  /** @type {Promise<string> | undefined} */
  #current;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #renewal;
  #closed = false;

  /**
   * @param {string} credential
   * @param {readonly string[]} topics
   * @param {(token: string) => void} onRenewed Called with each token that replaces one before its time.
   */
  constructor(credential, topics, onRenewed) {
    this.#credential = credential;
    this.#topics = topics;
    this.#onRenewed = onRenewed;
    this.renewable = !isToken(credential);
  }

  /**
   * The token of now; those who ask at the same time share one request.
   * @returns {Promise<string>}
   * @throws {Refusal} The key may not mint such a token.
   * @throws {TypeError | DOMException} Nobody answered; ask again later.
   */
  current() {
    this.#current ??= this.#obtain();
    return this.#current;
  }

  /** Makes the next caller of {@link current} get a new token, if `token` is still the one of now. @param {string} token */
  async invalidate(token) {
    const current = await this.#current?.catch(() => undefined);
    if (current === token && this.renewable) this.#current = undefined;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#renewal);
  }

  async #obtain() {
    if (!this.renewable) return this.#credential;
    try {
      return await this.#mint();
    } catch (failure) {
      this.#current = undefined;
      throw failure;
    }
  }

  async #mint() {
    const subscribe = this.#topics.filter((topic) => topic !== OWN_TOPIC);
    const { answer } = await post('v1/tokens', this.#credential, { sub: USER, subscribe, ttl: TOKEN_TTL });
    const { token, expiresAt } = /** @type {{ token: string, expiresAt: string }} */ (answer);
    this.#renewBefore(Date.parse(expiresAt));
    return token;
  }

  /** @param {number} expiresAt */
  #renewBefore(expiresAt) {
    clearTimeout(this.#renewal);
    if (this.#closed) return;
    this.#renewal = setTimeout(() => void this.#renew(), (expiresAt - Date.now()) * RENEW_AFTER);
  }

  /** A failure needs no second way: the old token then runs out, and the panes ask for another when the server says so. */
  async #renew() {
    try {
      const token = await this.#mint();
      this.#current = Promise.resolve(token);
      this.#onRenewed(token);
    } catch (failure) {
      console.info('The token could not be renewed yet.', failure instanceof Refusal ? failure.problem : failure);
    }
  }
}
