import { hash, timingSafeEqual } from 'node:crypto';
import { DomainError, type Selector, type Topic } from '#clarion/protocol';
import type { AccessConfig } from './access-config.js';
import { AllowedOrigins, answerHeaders, preflightHeaders, type CorsHeaders } from './origins.js';
import { ANONYMOUS, type KeyHolder, type Principal, type ReadGrant, type Subscriber } from './principal.js';
import { assertPublish, readGrant } from './rights.js';
import { MAX_TOKEN_CHARS, SubscriberTokens, type MintedToken, type MintRequest } from './subscriber-tokens.js';

/** Credentials as a transport found them; nothing is trusted yet. */
export interface Credentials {
  /** The header's value: `Bearer <API key or subscriber token>`. */
  readonly authorization?: string | undefined;
  /** A subscriber token from the query or a message. An API key is not taken here: addresses end in logs and histories. */
  readonly accessToken?: string | undefined;
  /** The `Cookie` header; looked at only if a cookie is configured, and only without the others. */
  readonly cookie?: string | undefined;
}

/** RFC 6750 §2.1; the scheme's case does not matter (RFC 9110 §11.1). */
const BEARER = /^Bearer +([^\s]+) *$/i;
const JWT_FORM = /^[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/;
const KEY_ID_DIGITS = 16;

/** Who asks, and what they may do. The only door to API keys and tokens; knows no transport. */
export class Access {
  readonly #keyDigest: Buffer;
  readonly #keyHolder: KeyHolder;
  readonly #tokens: SubscriberTokens;
  readonly #open: readonly Selector[];
  readonly #origins: AllowedOrigins;
  readonly #cookie: string | undefined;

  constructor(config: AccessConfig) {
    this.#keyDigest = sha256(config.apiKey);
    this.#keyHolder = Object.freeze({
      kind: 'key',
      id: this.#keyDigest.toString('hex').slice(0, KEY_ID_DIGITS),
      rights: 'all',
    });
    this.#tokens = new SubscriberTokens(config);
    this.#open = config.anonymousTopics;
    this.#origins = new AllowedOrigins(config.allowedOrigins);
    this.#cookie = config.tokenCookie;
  }

  /**
   * Who brings these credentials; `authorization` wins over `accessToken`, that over the cookie, and without any it is nobody.
   * @throws {DomainError} `key.invalid` when something in place of a key is none, else as {@link verifyToken}.
   */
  async authenticate({ authorization, accessToken, cookie }: Credentials): Promise<Principal> {
    if (authorization !== undefined) return this.#bearer(authorization);
    const token = accessToken ?? this.cookieToken(cookie);
    return token === undefined ? ANONYMOUS : this.verifyToken(token);
  }

  /**
   * The holder of the API key in an `Authorization` header: {@link authenticate} for those who publish, at once and for about 1 µs.
   * Undefined for everything else, of which that tells more.
   */
  keyHolder(authorization: string | undefined): KeyHolder | undefined {
    const credential = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
    return credential !== undefined && this.#isKey(credential) ? this.#keyHolder : undefined;
  }

  /** The token in the configured cookie of a `Cookie` header (RFC 6265 §4.2); undefined when there is none. */
  cookieToken(header: string | undefined): string | undefined {
    if (this.#cookie === undefined || header === undefined) return undefined;
    const prefix = `${this.#cookie}=`;
    return header
      .split(';')
      .map((pair) => pair.trim())
      .find((pair) => pair.startsWith(prefix))
      ?.slice(prefix.length);
  }

  /**
   * The subscriber of a token: signed with HS256, at most 8,192 characters, not expired; of `nbf` 5 seconds are tolerated.
   * @throws {DomainError} `token.expired` only when it is well signed; `token.subject_invalid`; `token.invalid` for all else.
   */
  verifyToken(token: string): Promise<Subscriber> {
    return this.#tokens.verify(token);
  }

  /**
   * Signs a subscriber token. Whoever lets others ask for one calls {@link assertKey} first.
   * @throws {DomainError} `token.subject_invalid`; `topic.forbidden` for reserved selectors; `body.invalid` when it gets too long.
   */
  mint(request: MintRequest): Promise<MintedToken> {
    return this.#tokens.mint(request);
  }

  /** @throws {DomainError} `credentials.missing` or `right.missing` unless the principal holds an API key. */
  assertKey(principal: Principal): asserts principal is KeyHolder {
    if (principal.kind === 'anonymous') throw new DomainError('credentials.missing');
    if (principal.kind !== 'key') throw new DomainError('right.missing', 'this needs an API key');
  }

  /**
   * The right to read one wanted selector, with `users/me` resolved; ask for each, and refuse all when one is refused.
   * @throws {DomainError} `topic.forbidden` when reserved or not wholly covered; `credentials.missing` when credentials could help.
   */
  readGrant(principal: Principal, selector: Selector): ReadGrant {
    return readGrant(principal, selector, this.#open);
  }

  /**
   * Passes when the principal may publish to every one of the topics.
   * @throws {DomainError} `topic.forbidden`, `credentials.missing`.
   */
  assertPublish(principal: Principal, topics: readonly Topic[]): void {
    assertPublish(principal, topics);
  }

  /** Whether a page of this origin may talk to us. Absent (no browser): yes; `null`: no. */
  isOriginAllowed(origin: string | undefined): boolean {
    return this.#origins.allows(origin);
  }

  /**
   * CORS headers for an answer, in lower case; for replies that bypass the HTTP hooks. Never reflects an origin that is not
   * listed. `vary` is always there: merge it with the answer's own.
   */
  corsHeaders(origin: string | undefined): CorsHeaders {
    return origin !== undefined && this.#origins.allows(origin)
      ? answerHeaders(origin, this.acceptsCookies)
      : { vary: 'Origin' };
  }

  /** Headers for the answer to a preflight; of an origin that is not listed: none that allow anything. */
  preflightHeaders(origin: string): CorsHeaders {
    return this.#origins.allows(origin) ? preflightHeaders(origin, this.acceptsCookies) : { vary: 'Origin' };
  }

  /** Only then may pages of other (listed) origins send credentials that browsers add by themselves. */
  get acceptsCookies(): boolean {
    return this.#cookie !== undefined;
  }

  async #bearer(authorization: string): Promise<Principal> {
    const credential = BEARER.exec(authorization)?.[1];
    if (credential === undefined) throw new DomainError('token.invalid');
    if (this.#isKey(credential)) return this.#keyHolder;
    if (credential.length <= MAX_TOKEN_CHARS && !JWT_FORM.test(credential)) throw new DomainError('key.invalid');
    return this.verifyToken(credential);
  }

  #isKey(credential: string): boolean {
    return timingSafeEqual(sha256(credential), this.#keyDigest);
  }
}

/** Digests have one length, so that comparing them takes the same time for every key. */
function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
