import type { Selector } from '#clarion/protocol';

/** A right to read the topics of one selector, as far back as `historyFrom` (milliseconds since 1970; 0: everything kept). */
export interface ReadGrant {
  readonly selector: Selector;
  readonly historyFrom: number;
}

/** For whom, and with which grants, a key may mint subscriber tokens. */
export interface MintRights {
  /** User ids; `*` means all, and a final `*` all that begin so (`team-7.*`). */
  readonly users: readonly string[];
  /** What the tokens may grant at most, beside the person's own topic; of `users/…` only what is named. */
  readonly subscribe: readonly Selector[];
  readonly publish: readonly Selector[];
  /** Of which topics the tokens may show who is there; absent: none. */
  readonly presence?: readonly Selector[];
}

/** What a stored key may do. What is not there it may not; reserved topics nobody may touch. */
export interface KeyRights {
  /** Where it may publish; a wildcard says nothing of people: `users/**` must be named. */
  readonly publish: readonly Selector[];
  /** What it may read, as history and as streams. */
  readonly read: readonly Selector[];
  /** Absent: it mints no tokens. */
  readonly mint?: MintRights;
  /** Whether it may administer: keys, connections, topics, people's sessions, the audit log, metrics. */
  readonly admin: boolean;
}

/** The holder of an API key: a service. */
export interface KeyHolder {
  readonly kind: 'key';
  /**
   * Names the key without telling it: the readable part of a stored one (`ck_<id>_…`); of the configured one the first 16 hex digits of
   * its SHA-256. `application`: {@link APPLICATION}.
   */
  readonly id: string;
  /** `all`: everything but reserved topics, as the configured key and the application itself. */
  readonly rights: KeyRights | 'all';
}

/** A person, by a token that somebody with the secret signed. */
export interface Subscriber {
  readonly kind: 'subscriber';
  /** The user id; always fit to be a topic segment. */
  readonly sub: string;
  /** What the token grants beside the person's own topic; `users/me` is already resolved. */
  readonly subscribe: readonly ReadGrant[];
  readonly publish: readonly Selector[];
  /** Of which topics, among those that the person may read, it shows who is there; absent: none. `users/me` is already resolved. */
  readonly presence?: readonly Selector[];
  /** When the token was issued, in milliseconds since 1970; absent: it does not say. */
  readonly issuedAt?: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Somebody without credentials. */
export interface Anonymous {
  readonly kind: 'anonymous';
}

/** Who asks. Of those outside made only by `Access`, after the credentials were checked. */
export type Principal = KeyHolder | Subscriber | Anonymous;

/** The application that Clarion is a part of, when it publishes by itself: as a key, it may do everything. */
export const APPLICATION: KeyHolder = Object.freeze({ kind: 'key', id: 'application', rights: 'all' });

export const ANONYMOUS: Anonymous = Object.freeze({ kind: 'anonymous' });

/** A stable name of who asks, for idempotency scopes and logs: equal for the same key or person, whatever token they bring. */
export function principalId(principal: Principal): string {
  switch (principal.kind) {
    case 'key':
      return `key:${principal.id}`;
    case 'subscriber':
      return `user:${principal.sub}`;
    case 'anonymous':
      return 'anonymous';
  }
}
