import { covers, DomainError, isReserved, OWN_TOPIC, userTopic, type Selector, type Topic } from '#clarion/protocol';
import type { KeyRights, Principal, ReadGrant, Subscriber } from './principal.js';

/**
 * The right by which `principal` reads `wanted`, with `users/me` resolved. Of several grants that cover it, the one that reaches
 * furthest back counts. A wildcard wider than every grant is refused, not narrowed. O(grants).
 * @throws {DomainError} `topic.forbidden`; `credentials.missing` where credentials could help.
 */
export function readGrant(principal: Principal, wanted: Selector, open: readonly Selector[]): ReadGrant {
  const selector = wanted === OWN_TOPIC ? ownTopic(principal) : wanted;
  if (isReserved(selector)) throw forbidden(selector);
  if (open.some((wider) => covers(wider, selector))) return { selector, historyFrom: 0 };
  if (principal.kind === 'anonymous') throw new DomainError('credentials.missing');
  if (principal.kind === 'key') {
    if (!keyCovers(principal.rights, 'read', selector)) throw forbidden(selector);
    return { selector, historyFrom: 0 };
  }
  const historyFrom = reachOf(principal, selector);
  if (historyFrom === undefined) throw forbidden(selector);
  return { selector, historyFrom };
}

/**
 * Passes when `principal` may publish to every one of `topics`. O(topics × grants).
 * @throws {DomainError} `topic.forbidden` with the first topic that is not allowed; `credentials.missing` without credentials.
 */
export function assertPublish(principal: Principal, topics: readonly Topic[]): void {
  if (principal.kind === 'anonymous') throw new DomainError('credentials.missing');
  const refused = topics.find((topic) => !mayPublish(principal, topic));
  if (refused !== undefined) throw forbidden(refused);
}

/**
 * Passes when `principal` may know who is on a topic: a key that reads it; a person who reads it, by a token that says so. O(grants).
 * @returns the topic, with `users/me` resolved.
 * @throws {DomainError} `topic.forbidden`; `credentials.missing` without credentials.
 */
export function assertPresence(principal: Principal, wanted: Topic, open: readonly Selector[]): Topic {
  const topic = wanted === OWN_TOPIC ? ownTopic(principal) : wanted;
  readGrant(principal, topic, open);
  if (principal.kind === 'anonymous') throw new DomainError('credentials.missing');
  const isGranted =
    principal.kind === 'key'
      ? keyCovers(principal.rights, 'read', topic)
      : principal.presence?.some((selector) => covers(selector, topic)) === true;
  if (!isGranted) throw new DomainError('topic.forbidden', `${topic}: the token does not grant its presence`);
  return topic;
}

/** `users/me` is nobody: whoever publishes names the person. */
function mayPublish(principal: Exclude<Principal, { kind: 'anonymous' }>, topic: Topic): boolean {
  if (isReserved(topic) || topic === OWN_TOPIC) return false;
  return principal.kind === 'key'
    ? keyCovers(principal.rights, 'publish', topic)
    : principal.publish.some((selector) => covers(selector, topic));
}

function keyCovers(rights: KeyRights | 'all', to: 'publish' | 'read', selector: Selector): boolean {
  return rights === 'all' || rights[to].some((wider) => covers(wider, selector));
}

function ownTopic(principal: Principal): Topic {
  if (principal.kind === 'anonymous') throw new DomainError('credentials.missing');
  if (principal.kind === 'key')
    throw new DomainError('topic.forbidden', 'an API key is no person: users/me needs a subscriber token');
  return userTopic(principal.sub);
}

/** How far back the grants go that cover it; undefined: none does. */
function reachOf({ sub, subscribe }: Subscriber, selector: Selector): number | undefined {
  if (selector === userTopic(sub)) return 0;
  return subscribe.reduce<number | undefined>(
    (reach, grant) =>
      covers(grant.selector, selector) ? Math.min(reach ?? grant.historyFrom, grant.historyFrom) : reach,
    undefined,
  );
}

function forbidden(topic: string): DomainError {
  return new DomainError('topic.forbidden', topic);
}
