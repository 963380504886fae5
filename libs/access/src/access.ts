import { timingSafeEqual } from 'node:crypto';
import { DomainError, isUserId, type Selector, type Topic } from '#clarion/protocol';
import type { AccessConfig } from './access-config.js';
import type { AccessStore, AuditEntry, AuditLogPage, AuditLogRequest } from './access-store.js';
import { PresentedKeys, type PresentedKey } from './presented-keys.js';
import { ApiKeys, type KeyInfo, type NewKey, type RevealedKey } from './api-keys.js';
import { sha256 } from './key-format.js';
import { assertAdmin, assertMint } from './key-rights.js';
import { AllowedOrigins, answerHeaders, preflightHeaders, type CorsHeaders } from './origins.js';
import {
  ANONYMOUS,
  principalId,
  type KeyHolder,
  type Principal,
  type ReadGrant,
  type Subscriber,
} from './principal.js';
import { RightsListeners, type RightsListener } from './rights-listeners.js';
import { assertPresence, assertPublish, readGrant } from './rights.js';
import { MAX_TOKEN_CHARS, SubscriberTokens, type MintedToken, type MintRequest } from './subscriber-tokens.js';
import { TokenRevocations } from './token-revocations.js';

/** Credentials as a transport found them; nothing is trusted yet. */
export interface Credentials {
  /** The header's value: `Bearer <API key or subscriber token>`. */
  readonly authorization?: string | undefined;
  /** A subscriber token from the query or a message. An API key is not taken here: addresses end in logs and histories. */
  readonly accessToken?: string | undefined;
  /** The `Cookie` header, as far as it is believed (`ownCookie`); looked at only if a cookie is configured, and only without the others. */
  readonly cookie?: string | undefined;
}

/** What the audit log says of the request by which something was done. */
export interface ActContext {
  /** Where it came from, as far as proxies are believed. */
  readonly address?: string | undefined;
  /** The `x-request-id` of its answer. */
  readonly requestId?: string | undefined;
}

/** What was done to whom, in the words of the audit log. */
export type Act = Pick<AuditEntry, 'act' | 'target' | 'detail'>;

/** RFC 6750 §2.1; the scheme's case does not matter (RFC 9110 §11.1). */
const BEARER = /^Bearer +([^\s]+) *$/i;
const JWT_FORM = /^[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/;
const KEY_ID_DIGITS = 16;

/** Who asks, and what they may do. The only door to API keys and tokens; knows no transport. */
export class Access {
  readonly #store: AccessStore;
  readonly #keyDigest: Buffer;
  readonly #keyHolder: KeyHolder;
  readonly #keys: ApiKeys;
  readonly #presented = new PresentedKeys();
  readonly #revocations = new TokenRevocations();
  readonly #listeners = new RightsListeners();
  readonly #tokens: SubscriberTokens;
  readonly #open: readonly Selector[];
  readonly #origins: AllowedOrigins;
  readonly #cookie: string | undefined;

  /** @param onError told when the store did not take when keys were last used. */
  constructor(config: AccessConfig, store: AccessStore, onError: (error: unknown) => void) {
    this.#store = store;
    this.#keys = new ApiKeys(store, {
      maxKeys: config.maxKeys,
      onEnded: (id) => this.#listeners.tell({ kind: 'key', id }),
      onError,
    });
    this.#keyDigest = sha256(config.apiKey);
    this.#keyHolder = Object.freeze({
      kind: 'key',
      id: this.#keyDigest.toString('hex').slice(0, KEY_ID_DIGITS),
      rights: 'all',
    });
    this.#tokens = new SubscriberTokens(config, this.#revocations);
    this.#open = config.anonymousTopics;
    this.#origins = new AllowedOrigins(config.allowedOrigins);
    this.#cookie = config.tokenCookie;
  }

  /** Reads the keys and revocations, and opens the store if need be. Nobody may be let in before it resolved. */
  async open(): Promise<void> {
    const { keys, revocations } = await this.#store.load();
    this.#keys.adopt(keys);
    for (const revocation of revocations) this.#revocations.set(revocation);
  }

  /** Writes what is in memory alone: when keys were last used. The store stays open; its owner closes it. */
  close(): Promise<void> {
    return this.#keys.close();
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
   * The holder of the API key in an `Authorization` header: {@link authenticate} for those who publish, at once and for about 1 µs, and for a
   * quarter of that when this connection (its socket) has presented it before. Undefined for everything else, of which that tells more.
   */
  keyHolder(authorization: string | undefined, connection?: object): KeyHolder | undefined {
    if (authorization === undefined) return undefined;
    const known = connection && this.#presented.recall(connection, authorization);
    const key = known ?? keyIn(authorization);
    const holder = key && this.#holderOf(key);
    if (connection && key && holder && !known) this.#presented.remember(connection, authorization, key);
    return holder;
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
   * The subscriber of a token: signed as the configuration says, at most 8,192 characters, not expired, not voided.
   * @throws {DomainError} `token.expired` only when it is well signed; `token.subject_invalid`; `overloaded` when the issuer's keys cannot be
   * had; `token.invalid` for all else.
   */
  verifyToken(token: string): Promise<Subscriber> {
    return this.#tokens.verify(token);
  }

  /**
   * Signs a subscriber token. Whoever lets others ask for one calls {@link assertMint} first.
   * @throws {DomainError} `token.subject_invalid`; `topic.forbidden` for reserved selectors; `body.invalid` when it gets too long.
   */
  mint(request: MintRequest): Promise<MintedToken> {
    return this.#tokens.mint(request);
  }

  /**
   * Passes when the principal may give such a token away; without a request: any at all.
   * @throws {DomainError} `credentials.missing`; `right.missing` when it mints nothing for this person; `topic.forbidden` with the first
   * selector beyond what it may grant.
   */
  assertMint(principal: Principal, request?: MintRequest): void {
    assertMint(principal, request);
  }

  /** @throws {DomainError} `credentials.missing`; `right.missing` unless the principal holds an API key that may administer. */
  assertAdmin(principal: Principal): asserts principal is KeyHolder {
    assertAdmin(principal);
  }

  /**
   * The right to read one wanted selector, with `users/me` resolved; ask for each, and refuse all when one is refused.
   * @throws {DomainError} `topic.forbidden` when reserved or not wholly covered; `credentials.missing` when credentials could help; what
   * {@link assertGood} throws.
   */
  readGrant(principal: Principal, selector: Selector): ReadGrant {
    this.assertGood(principal);
    return readGrant(principal, selector, this.#open);
  }

  /**
   * Passes when the principal may publish to every one of the topics.
   * @throws {DomainError} `topic.forbidden`, `credentials.missing`; what {@link assertGood} throws.
   */
  assertPublish(principal: Principal, topics: readonly Topic[]): void {
    this.assertGood(principal);
    assertPublish(principal, topics);
  }

  /**
   * Passes when the principal may know who is on the topic: an API key that reads it, or a person who reads it and whose token says so.
   * What is open to everybody to read is not, for that, open to be looked through.
   * @returns the topic, with `users/me` resolved.
   * @throws {DomainError} `topic.forbidden`, `credentials.missing`; what {@link assertGood} throws.
   */
  assertPresence(principal: Principal, topic: Topic): Topic {
    this.assertGood(principal);
    return assertPresence(principal, topic, this.#open);
  }

  /**
   * Passes while the credentials by which a principal was known are still good: for connections that were let in with them. About 0.1 µs.
   * @throws {DomainError} `key.invalid` for a key that was deleted or has expired, `token.invalid` for a token that was voided.
   */
  assertGood(principal: Principal): void {
    if (principal.kind === 'key' && principal.rights !== 'all' && !this.#keys.isGood(principal.id))
      throw new DomainError('key.invalid');
    if (principal.kind === 'subscriber' && this.#revocations.isVoid(principal.sub, principal.issuedAt))
      throw new DomainError('token.invalid');
  }

  /**
   * Tells of credentials that are not good any more, in the turn in which they cease to be: a key that was deleted or has expired, tokens
   * that were voided. @returns what ends it.
   */
  onRightsChanged(listener: RightsListener): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Makes a key that is good as soon as this resolves.
   * @throws {DomainError} as {@link assertAdmin}; `right.missing` for rights or an end beyond those of the asker's own key; `topic.forbidden`
   * for reserved topics; `body.invalid` when it is over already, or one key too many.
   */
  async createKey(who: Principal, wanted: NewKey, context: ActContext): Promise<RevealedKey> {
    assertAdmin(who);
    return this.#keys.create(who, wanted, (act) => entryOf(who, act, context));
  }

  /**
   * Gives a key a new secret; the one until now is good for another `overlapMs`, and what was before that ends at once.
   * @throws {DomainError} as {@link assertAdmin}; `key.unknown`; `right.missing` for a key that may do more than the asker's own.
   */
  async rotateKey(who: Principal, id: string, overlapMs: number, context: ActContext): Promise<RevealedKey> {
    assertAdmin(who);
    return this.#keys.rotate(who, id, overlapMs, (act) => entryOf(who, act, context));
  }

  /** Refuses the key from then on, also on open connections. @throws {DomainError} as {@link assertAdmin}; `key.unknown`. */
  async deleteKey(who: Principal, id: string, context: ActContext): Promise<void> {
    assertAdmin(who);
    await this.#keys.delete(who, id, (act) => entryOf(who, act, context));
  }

  /** Every stored key, newest first. @throws {DomainError} as {@link assertAdmin}. */
  listKeys(who: Principal): KeyInfo[] {
    assertAdmin(who);
    return this.#keys.list();
  }

  /** @throws {DomainError} as {@link assertAdmin}; `key.unknown`. */
  readKey(who: Principal, id: string): KeyInfo {
    assertAdmin(who);
    return this.#keys.get(id);
  }

  /**
   * Voids all tokens of a person that were issued up to now; resolves when that is on disk and open connections have heard of it. Tokens
   * minted from then on are good.
   * @throws {DomainError} as {@link assertAdmin}; `token.subject_invalid`.
   */
  async disconnectUser(who: Principal, sub: string, context: ActContext): Promise<void> {
    assertAdmin(who);
    if (!isUserId(sub)) throw new DomainError('token.subject_invalid');
    const before = Date.now();
    await this.#store.revoke({ sub, before }, entryOf(who, { act: 'user.disconnected', target: sub }, context));
    this.#revocations.set({ sub, before });
    this.#listeners.tell({ kind: 'user', sub, before });
  }

  /** Notes what an administrator did elsewhere; resolves when it is on disk. @throws {DomainError} as {@link assertAdmin}. */
  async audit(who: Principal, act: Act, context: ActContext): Promise<void> {
    assertAdmin(who);
    await this.#store.audit(entryOf(who, act, context));
  }

  /** The contract of `AccessStore.auditLog`. @throws {DomainError} as {@link assertAdmin}. */
  async auditLog(who: Principal, request: AuditLogRequest): Promise<AuditLogPage> {
    assertAdmin(who);
    return this.#store.auditLog(request);
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
    const key = keyIn(authorization);
    if (key === undefined) throw new DomainError('token.invalid');
    const holder = this.#holderOf(key);
    if (holder !== undefined) return holder;
    const { credential } = key;
    if (credential.length <= MAX_TOKEN_CHARS && !JWT_FORM.test(credential)) throw new DomainError('key.invalid');
    return this.verifyToken(credential);
  }

  /** The configured key first: it may have any form. */
  #holderOf({ credential, digest }: PresentedKey): KeyHolder | undefined {
    if (timingSafeEqual(digest, this.#keyDigest)) return this.#keyHolder;
    return this.#keys.find(credential, digest);
  }
}

/** What is presented in place of a key; undefined where the header has another form. */
function keyIn(authorization: string): PresentedKey | undefined {
  const credential = BEARER.exec(authorization)?.[1];
  return credential === undefined ? undefined : { credential, digest: sha256(credential) };
}

function entryOf(who: Principal, act: Act, { address, requestId }: ActContext): AuditEntry {
  return { at: Date.now(), who: principalId(who), ...act, address, requestId };
}
