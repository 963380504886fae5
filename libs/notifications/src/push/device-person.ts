import type { Access, Subscriber } from '#clarion/access';
import { DomainError } from '#clarion/protocol';
import { personOf, type Person } from '../people/person.js';
import type { StoredDevice } from './push-store.js';

/**
 * The person, with the rights that the token had with which the device was last verified, as far as they are good now: a device outlives the
 * expiry of its token, not its revocation. Undefined: that was voided.
 */
export function personOfDevice(device: StoredDevice, access: Access): Person | undefined {
  try {
    return personOf(subscriberOf(device), access);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

/** Whether a person may be shown what came by a topic then. */
export function mayRead(person: Person, topic: string, publishedAt: number): boolean {
  const from = person.historyFrom(topic);
  return from !== undefined && publishedAt >= from;
}

function subscriberOf({ user, subscribe, issuedAt }: StoredDevice): Subscriber {
  return {
    kind: 'subscriber',
    sub: user,
    subscribe,
    publish: [],
    ...(issuedAt !== null && { issuedAt }),
    expiresAt: Number.MAX_SAFE_INTEGER,
  };
}
