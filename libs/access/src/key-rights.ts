import { covers, DomainError, isReserved, OWN_TOPIC, userTopic, type Grant, type Selector } from '#clarion/protocol';
import type { KeyHolder, KeyRights, MintRights, Principal } from './principal.js';
import type { MintRequest } from './subscriber-tokens.js';

/** @throws {DomainError} `credentials.missing` for nobody; `right.missing` for all whose key does not administer. */
export function assertAdmin(who: Principal): asserts who is KeyHolder {
  assertKey(who);
  if (who.rights !== 'all' && !who.rights.admin)
    throw new DomainError('right.missing', 'this needs an API key that may administer');
}

/**
 * Passes when `who` may give such a token away; without a request: any at all. The person's own topic may always be granted to read. O(grants × rights).
 * @throws {DomainError} `credentials.missing`; `right.missing` when it is not a key that mints for this person; `topic.forbidden` with
 * the first selector that is beyond what it may grant.
 */
export function assertMint(who: Principal, request?: MintRequest): void {
  assertKey(who);
  if (who.rights === 'all') return;
  const { mint } = who.rights;
  if (mint === undefined) throw new DomainError('right.missing', 'this API key mints no tokens');
  if (request !== undefined) assertCovered(mint, request);
}

function assertCovered(mint: MintRights, { sub, subscribe = [], publish = [], presence = [] }: MintRequest): void {
  if (!mint.users.some((pattern) => coversUsers(pattern, sub)))
    throw new DomainError('right.missing', 'this API key mints no tokens for this user');
  const own = userTopic(sub);
  const resolve = (selector: Selector): Selector => (selector === OWN_TOPIC ? own : selector);
  const refused =
    firstBeyond([...mint.subscribe, own], subscribe.map(selectorOf).map(resolve)) ??
    firstBeyond(mint.publish.map(resolve), publish.map(resolve)) ??
    firstBeyond((mint.presence ?? []).map(resolve), presence.map(resolve));
  if (refused !== undefined) throw new DomainError('topic.forbidden', refused);
}

/**
 * Passes when the holder of `own` may make, or renew, a key with the rights `wanted`: none that its own do not cover.
 * @throws {DomainError} `topic.forbidden` for reserved topics, whoever asks; `right.missing` with the first right that is too much.
 */
export function assertMayGrant(own: KeyRights | 'all', wanted: KeyRights): void {
  const reserved = selectorsOf(wanted).find(isReserved);
  if (reserved !== undefined) throw new DomainError('topic.forbidden', reserved);
  const beyond = own === 'all' ? undefined : rightBeyond(own, wanted);
  if (beyond !== undefined) throw new DomainError('right.missing', `no key can grant what it does not hold: ${beyond}`);
}

function assertKey(who: Principal): asserts who is KeyHolder {
  if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
  if (who.kind !== 'key') throw new DomainError('right.missing', 'this needs an API key');
}

function rightBeyond(own: KeyRights, wanted: KeyRights): string | undefined {
  if (wanted.admin && !own.admin) return 'admin';
  const publish = firstBeyond(own.publish, wanted.publish);
  if (publish !== undefined) return `publish ${publish}`;
  const read = firstBeyond(own.read, wanted.read);
  if (read !== undefined) return `read ${read}`;
  return wanted.mint === undefined ? undefined : mintBeyond(own.mint, wanted.mint);
}

function mintBeyond(own: MintRights | undefined, wanted: MintRights): string | undefined {
  if (own === undefined) return 'mint';
  const users = wanted.users.find((pattern) => !own.users.some((wider) => coversUsers(wider, pattern)));
  if (users !== undefined) return `mint for ${users}`;
  const selector =
    firstBeyond(own.subscribe, wanted.subscribe) ??
    firstBeyond(own.publish, wanted.publish) ??
    firstBeyond(own.presence ?? [], wanted.presence ?? []);
  return selector === undefined ? undefined : `mint ${selector}`;
}

/** Whether all that `narrower` (a user id or a pattern) means is meant by `wider`. */
function coversUsers(wider: string, narrower: string): boolean {
  return wider.endsWith('*') ? narrower.startsWith(wider.slice(0, -1)) : wider === narrower;
}

function firstBeyond(own: readonly Selector[], wanted: readonly Selector[]): Selector | undefined {
  return wanted.find((selector) => !own.some((wider) => covers(wider, selector)));
}

function selectorsOf({ publish, read, mint }: KeyRights): Selector[] {
  return [...publish, ...read, ...(mint?.subscribe ?? []), ...(mint?.publish ?? []), ...(mint?.presence ?? [])];
}

function selectorOf(grant: Grant): Selector {
  return typeof grant === 'string' ? grant : grant.selector;
}
