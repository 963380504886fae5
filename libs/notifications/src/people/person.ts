import type { Access, Principal } from '#clarion/access';
import { DomainError, isReserved, isUserId, type Selector, type Topic } from '#clarion/protocol';

/** Somebody whose inbox, marks and preferences these are, as far as whoever asks for them may see. */
export interface Person {
  readonly user: string;
  /** From when on the topic's notifications may be shown, milliseconds since 1970; undefined: not at all. */
  historyFrom(topic: string): number | undefined;
}

/**
 * The person of a subscriber's token, with its rights of now.
 * @throws {DomainError} `credentials.missing`; `right.missing` for an API key, which is no person.
 */
export function personOf(who: Principal, access: Access): Person {
  if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
  if (who.kind === 'key') throw new DomainError('right.missing', 'an API key is no person');
  access.assertGood(who);
  return {
    user: who.sub,
    historyFrom: (topic) => grantedFrom(who, topic, access),
  };
}

/**
 * A person for whom a service acts: it must be able to mint tokens for them, which is as much.
 * @throws {DomainError} `credentials.missing`, `right.missing`, `token.subject_invalid`.
 */
export function personFor(who: Principal, user: string, access: Access): Person {
  if (!isUserId(user)) throw new DomainError('token.subject_invalid');
  access.assertMint(who, { sub: user });
  return { user, historyFrom: (topic) => (isReserved(topic) ? undefined : 0) };
}

function grantedFrom(who: Principal, topic: string, access: Access): number | undefined {
  try {
    // A topic is a selector without wildcards.
    return access.readGrant(who, topic as Topic as string as Selector).historyFrom;
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}
