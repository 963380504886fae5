import type { Selector } from '#clarion/protocol';

/** A right to read the topics of one selector, as far back as `historyFrom` (milliseconds since 1970; 0: everything kept). */
export interface ReadGrant {
  readonly selector: Selector;
  readonly historyFrom: number;
}

/** The holder of an API key: a service, which may do everything but touch reserved topics. */
export interface KeyHolder {
  readonly kind: 'key';
  /** The first 16 hex digits of the key's SHA-256: names the key without telling it. `application`: {@link APPLICATION}. */
  readonly id: string;
}

/** A person, by a token that somebody with the secret signed. */
export interface Subscriber {
  readonly kind: 'subscriber';
  /** The user id; always fit to be a topic segment. */
  readonly sub: string;
  /** What the token grants beside the person's own topic; `users/me` is already resolved. */
  readonly subscribe: readonly ReadGrant[];
  readonly publish: readonly Selector[];
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
export const APPLICATION: KeyHolder = Object.freeze({ kind: 'key', id: 'application' });

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
