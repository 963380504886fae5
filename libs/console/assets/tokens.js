import { post, Refusal } from './api.js';
import { isToken } from './credential.js';
import { matchesAny } from './selectors.js';

/** Seconds that a minted token is asked to live. */
const TOKEN_TTL = 3_600;
/** The part of a token's life after which it is renewed. */
const RENEW_AFTER = 0.8;
/** Every token may read this without a grant. */
const OWN_TOPIC = 'users/me';

/**
 * Subscriber tokens of one person for some topics. With an API key they are minted here and renewed before they expire; a token that a person
 * pasted is used until it expires.
 */
export class Tokens {
  #credential;
  #person;
  #topics;
  #onRenewed;
  /** @type {Promise<string> | undefined} */
  #current;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #renewal;
  #closed = false;

  /**
   * @param {string} credential
   * @param {string} person As whom tokens are minted; of a token that was pasted its own `sub` counts.
   * @param {readonly string[]} topics
   * @param {(token: string) => void} onRenewed Called with each token that replaces one before its time.
   */
  constructor(credential, person, topics, onRenewed) {
    this.#credential = credential;
    this.#person = person;
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

  /**
   * Makes the token of now grant these topics too, where they are minted here; `onRenewed` is called with it.
   * @param {readonly string[]} topics
   * @throws {Refusal} The key may not mint it; what was granted before still is.
   */
  async widen(topics) {
    const lacking = topics.filter((topic) => topic !== OWN_TOPIC && !matchesAny(this.#topics, topic));
    if (lacking.length === 0 || !this.renewable) return;
    const before = this.#topics;
    this.#topics = [...before, ...lacking];
    try {
      this.#replace(await this.#mint());
    } catch (failure) {
      this.#topics = before;
      throw failure;
    }
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
    const { answer } = await post('v1/tokens', this.#credential, { sub: this.#person, subscribe, ttl: TOKEN_TTL });
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
      this.#replace(await this.#mint());
    } catch (failure) {
      console.info('The token could not be renewed yet.', failure instanceof Refusal ? failure.problem : failure);
    }
  }

  /** @param {string} token */
  #replace(token) {
    this.#current = Promise.resolve(token);
    this.#onRenewed(token);
  }
}
