import { DomainError } from '#clarion/protocol';
import { ApiKey } from './api-key.js';
import type { AccessStore, AuditEntry, StoredKey } from './access-store.js';
import { keyIdIn, newKeyId, newKeyText, sha256 } from './key-format.js';
import { assertMayGrant } from './key-rights.js';
import { KeyUses } from './key-uses.js';
import { KeyExpiry } from './key-expiry.js';
import type { KeyHolder, KeyRights } from './principal.js';

/** What is wanted of a new key; times are milliseconds since 1970. */
export interface NewKey {
  readonly name: string;
  readonly rights: KeyRights;
  /** Absent: never. */
  readonly expiresAt?: number | undefined;
}

/** A key as others may see it: nothing of its secrets but how long they last. */
export interface KeyInfo {
  readonly id: string;
  readonly name: string;
  readonly rights: KeyRights;
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  /** Absent: never. */
  readonly lastUsedAt?: number | undefined;
  /** While a rotation lasts: until when the secret before it is good. */
  readonly previousUntil?: number | undefined;
}

/** A key with its newest secret, told this once. */
export interface RevealedKey extends KeyInfo {
  /** What its holder sends. */
  readonly key: string;
}

/** An audit entry of something that is done to a key. */
type KeyAct = Pick<AuditEntry, 'act' | 'target' | 'detail'>;
/** Makes an act into the entry for the log. */
type Audited = (act: KeyAct) => AuditEntry;

export interface ApiKeysOptions {
  /** Keys that there can be, expired ones too. */
  readonly maxKeys: number;
  /** Told when a key ends: it was deleted, or its time is over. */
  readonly onEnded: (id: string) => void;
  /** Told when the store did not take when keys were last used. */
  readonly onError: (error: unknown) => void;
}

/** Of all keys nothing is a secret that this does not know; it must be compared with something. */
const NOBODY = new ApiKey({
  id: '',
  name: '',
  rights: { publish: [], read: [], admin: false },
  secrets: [],
  createdAt: 0,
  expiresAt: 0,
});

/** The stored API keys: all of them in memory, and every change on disk before it is answered. */
export class ApiKeys {
  readonly #store: AccessStore;
  readonly #options: ApiKeysOptions;
  readonly #keys = new Map<string, ApiKey>();
  readonly #uses: KeyUses;
  readonly #expiry: KeyExpiry;
  /** One change after another, so that none is made of a state that is being replaced. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(store: AccessStore, options: ApiKeysOptions) {
    this.#store = store;
    this.#options = options;
    this.#uses = new KeyUses((uses) => store.touchKeys(uses), options.onError);
    this.#expiry = new KeyExpiry(() => this.#keys.values(), options.onEnded);
  }

  /** Takes over what the store has. */
  adopt(keys: readonly StoredKey[]): void {
    for (const key of keys) this.#keys.set(key.id, new ApiKey(key));
    this.#expiry.watch();
  }

  /**
   * Who may use this credential; undefined when it is no key, or one that is not good any more. Found by its readable id; an unknown one
   * costs the same comparisons.
   * @param digest the credential's SHA-256.
   */
  find(credential: string, digest: Buffer): KeyHolder | undefined {
    const id = keyIdIn(credential);
    if (id === undefined) return undefined;
    const now = Date.now();
    const key = this.#keys.get(id) ?? NOBODY;
    if (!key.opens(digest, now)) return undefined;
    this.#uses.note(key, now);
    return key.holder;
  }

  /** Whether a key that was good once still is: neither deleted nor expired. */
  isGood(id: string): boolean {
    const key = this.#keys.get(id);
    return key !== undefined && Date.now() < key.expiresAt;
  }

  /** @throws {DomainError} `key.unknown`. */
  get(id: string): KeyInfo {
    return infoOf(this.#known(id));
  }

  /** All of them, newest first; of one age in the order of their ids. O(keys). */
  list(): KeyInfo[] {
    return [...this.#keys.values()].map(infoOf).toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** @throws {DomainError} `right.missing`, `topic.forbidden` as {@link assertMayGrant}; `body.invalid` when it would never be good, or one too many. */
  create(who: KeyHolder, wanted: NewKey, audited: Audited): Promise<RevealedKey> {
    return this.#inTurn(async () => {
      this.#assertMayGrant(who, wanted);
      const now = Date.now();
      if (wanted.expiresAt !== undefined && wanted.expiresAt <= now)
        throw new DomainError('body.invalid', undefined, [{ pointer: '/expiresAt', detail: 'is over already' }]);
      if (this.#keys.size >= this.#options.maxKeys)
        throw new DomainError('body.invalid', `there are ${this.#keys.size} API keys; no more fit (CLARION_MAX_KEYS)`);
      const id = newKeyId();
      const text = newKeyText(id);
      const stored = { ...wanted, id, secrets: [{ sha256: sha256(text) }], createdAt: now };
      await this.#put(stored, audited({ act: 'key.created', target: id, detail: wanted.name }));
      return this.#reveal(id, text);
    });
  }

  /**
   * Gives the key a new secret; the one until now stays good for `overlapMs`, one before that ends at once.
   * @throws {DomainError} `key.unknown`; `right.missing` for a key that may do more than the one who asks.
   */
  rotate(who: KeyHolder, id: string, overlapMs: number, audited: Audited): Promise<RevealedKey> {
    return this.#inTurn(async () => {
      const { stored } = this.#known(id);
      this.#assertMayGrant(who, stored);
      const text = newKeyText(id);
      const previousUntil = Date.now() + overlapMs;
      const previous = stored.secrets.slice(0, 1).map((secret) => ({ ...secret, expiresAt: previousUntil }));
      const secrets = [{ sha256: sha256(text) }, ...(overlapMs > 0 ? previous : [])];
      const detail = `the secret before it ends ${new Date(previousUntil).toISOString()}`;
      await this.#put({ ...stored, secrets }, audited({ act: 'key.rotated', target: id, detail }));
      return this.#reveal(id, text);
    });
  }

  /** From then on nobody has it; any administrator may do this to any key. @throws {DomainError} `key.unknown`. */
  delete(who: KeyHolder, id: string, audited: Audited): Promise<void> {
    return this.#inTurn(async () => {
      this.#assertGood(who);
      const { stored } = this.#known(id);
      await this.#store.deleteKey(id, audited({ act: 'key.deleted', target: id, detail: stored.name }));
      this.#keys.delete(id);
      this.#options.onEnded(id);
    });
  }

  /** Writes what is in memory alone, and ends all timers. */
  async close(): Promise<void> {
    this.#expiry.stop();
    await this.#uses.flush();
  }

  #known(id: string): ApiKey {
    const key = this.#keys.get(id);
    if (key === undefined) throw new DomainError('key.unknown');
    return key;
  }

  /** The asker's key may have ended while it waited for its turn. */
  #assertGood({ id, rights }: KeyHolder): void {
    if (rights !== 'all' && !this.isGood(id)) throw new DomainError('key.invalid');
  }

  /** No key makes or renews one that may do more than itself, or lasts longer. */
  #assertMayGrant(who: KeyHolder, wanted: Pick<NewKey, 'rights' | 'expiresAt'>): void {
    this.#assertGood(who);
    const { id, rights } = who;
    assertMayGrant(rights, wanted.rights);
    if (rights !== 'all' && (wanted.expiresAt ?? Infinity) > this.#known(id).expiresAt)
      throw new DomainError('right.missing', 'no key can grant what it does not hold: a later end');
  }

  async #put(stored: StoredKey, audit: AuditEntry): Promise<void> {
    await this.#store.putKey(stored, audit);
    const key = new ApiKey(stored);
    // It may have been used while that was written.
    key.lastUsedAt = this.#keys.get(stored.id)?.lastUsedAt;
    this.#keys.set(stored.id, key);
    this.#expiry.watch();
  }

  #reveal(id: string, key: string): RevealedKey {
    return { ...this.get(id), key };
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(change);
    this.#changes = result.catch(ignoreForNext);
    return result;
  }
}

function infoOf(key: ApiKey): KeyInfo {
  const { id, name, rights, createdAt, expiresAt } = key.stored;
  return {
    id,
    name,
    rights,
    createdAt,
    expiresAt,
    lastUsedAt: key.lastUsedAt,
    previousUntil: key.previousUntil(Date.now()),
  };
}

/** Whoever asked has the error; those who come after only wait for its end. */
function ignoreForNext(): void {}
