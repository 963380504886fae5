import type { Principal } from '#clarion/access';
import type { EntryTraits } from '#clarion/event-bus';
import {
  CAUSES,
  DomainError,
  userTopic,
  type Cause,
  type Channel,
  type Evidence,
  type Explanation,
} from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import { evidenceOf as evidenceOfWish } from './decisions.js';
import type { Inbox } from './inbox.js';
import type { PushExplanations } from '../push/push-explanations.js';
import { wordsOf, type PushForecasts } from '../push/push-forecasts.js';
import type { ManagedNotifications } from './managed.js';
import type { PersonalJudge, PersonalQuestion, PreferenceBook } from './preference-book.js';
import type { FollowInterval, PeopleStore, ReceiptNote, Standing, StoredNotification } from './people-store.js';
import type { OpenReach, Reach } from './reach.js';
import type { ReceiptNotes } from './receipt-notes.js';

/** What receipts name as the transport of what a push service has taken. */
const PUSHED = 'push';

/** A cause and what it rests on. */
export interface Finding {
  readonly cause: Cause;
  readonly evidence: Evidence;
}

/** All that is known of one notification and one person. */
interface Case {
  readonly found: StoredNotification;
  readonly user: string;
  readonly now: number;
  readonly floor: number;
  readonly follows: readonly FollowInterval[];
  readonly receipts: readonly ReceiptNote[];
  readonly standing: Standing;
  readonly judge: PersonalJudge;
  readonly connections: readonly OpenReach[];
  readonly reach: Reach;
}

/** Says why somebody did, or did not, get a notification: by what is kept of it, and by the very decisions that delivery makes. */
export class Explanations {
  readonly #store: PeopleStore;
  readonly #notes: ReceiptNotes;
  readonly #managed: ManagedNotifications;
  readonly #inbox: Inbox;
  readonly #preferences: Pick<PreferenceBook, 'judgeOf'>;
  readonly #log: { readonly floor: number };
  readonly #reach: Reach;
  readonly #pushes: Pick<PushExplanations, 'of'>;
  readonly #forecasts: Pick<PushForecasts, 'whyNot'>;

  constructor(
    store: PeopleStore,
    notes: ReceiptNotes,
    managed: ManagedNotifications,
    inbox: Inbox,
    preferences: Pick<PreferenceBook, 'judgeOf'>,
    log: { readonly floor: number },
    reach: Reach,
    pushes: Pick<PushExplanations, 'of'>,
    forecasts: Pick<PushForecasts, 'whyNot'>,
  ) {
    this.#store = store;
    this.#notes = notes;
    this.#managed = managed;
    this.#inbox = inbox;
    this.#preferences = preferences;
    this.#log = log;
    this.#reach = reach;
    this.#pushes = pushes;
    this.#forecasts = forecasts;
  }

  /**
   * For API keys alone: it tells of anybody whether, and by what, they are connected, and what they have chosen.
   * @throws {DomainError} as `ManagedNotifications.get`; `right.missing` for persons.
   */
  async explain(who: Principal, id: string, user: string): Promise<Explanation> {
    const found = await this.#managed.get(who, id);
    if (who.kind !== 'key') throw new DomainError('right.missing', 'this needs an API key');
    await this.#notes.flush();
    const connections = await this.#reach.connectionsOf([user]);
    const known = await this.#gather(found, user, connections);
    const { cause, evidence } = causeOf(known);
    return {
      id,
      user,
      delivered: cause.startsWith('delivered.'),
      cause,
      sentence: `${CAUSES[cause]}${detailOf(evidence)}.`,
      evidence,
      inbox: await this.#listing(known),
      push: await this.#pushing(known),
    };
  }

  /** The causes of many people, of a notification that was found already. Precondition: what was heard of receipts has been written. */
  async causesOf(found: StoredNotification, users: readonly string[]): Promise<Map<string, Cause>> {
    const connections = await this.#reach.connectionsOf(users);
    const causes = new Map<string, Cause>();
    for (const user of users) causes.set(user, causeOf(await this.#gather(found, user, connections)).cause);
    return causes;
  }

  async #gather(
    found: StoredNotification,
    user: string,
    connections: ReadonlyMap<string, readonly OpenReach[]>,
  ): Promise<Case> {
    const { offset } = found.entry;
    const [follows, receipts, standing, judge] = await Promise.all([
      this.#store.follows(user),
      this.#store.receipts(offset, [user]),
      this.#store.standing(user, offset),
      this.#preferences.judgeOf(user),
    ]);
    const { floor } = this.#log;
    return {
      found,
      user,
      now: Date.now(),
      floor,
      follows,
      receipts,
      standing,
      judge,
      connections: connections.get(user) ?? [],
      reach: this.#reach,
    };
  }

  /** What was pushed; where nothing was, and is not going to be, why not, as far as that can still be told. */
  async #pushing(known: Case): Promise<Explanation['push']> {
    const { entry } = known.found;
    const topics = entry.topics.filter((topic) => isInbox(known, topic));
    if (topics.length === 0) return { devices: [] };
    const pushes = await this.#pushes.of(entry.offset, known.user);
    if (pushes.due !== undefined || pushes.devices.length > 0) return pushes;
    const acked = known.receipts.some(({ stage }) => stage === 'acked');
    const cause = await this.#forecasts.whyNot({ entry, user: known.user, topics, acked, standing: known.standing });
    return { ...pushes, ...(cause !== undefined && { cause, because: wordsOf(cause) }) };
  }

  /** Asks the inbox itself, as far as rights are not concerned: those are the token's. */
  async #listing(known: Case): Promise<Explanation['inbox']> {
    const { entry, collapsedBy } = known.found;
    const scope = await this.#inbox.scope({ user: known.user, historyFrom: () => 0 });
    const page = await this.#store.inbox({ ...scope, filter: 'all', before: entry.offset + 1, limit: 1 });
    if (page.rows[0]?.entry.offset === entry.offset) return { listed: true };
    const over = overness(known);
    if (over !== undefined) return { listed: false, cause: over.cause };
    const topics = entry.topics.filter((topic) => isInbox(known, topic));
    if (topics.length === 0) return { listed: false, cause: outside(known).cause };
    for (const topic of topics) {
      const wish = known.judge(questionOf(entry, 'inbox', topic, known.now));
      if (wish !== undefined) return { listed: false, cause: wish.cause };
    }
    return { listed: false, cause: topics.some((topic) => collapsedBy.has(topic)) ? 'collapsed' : 'retention' };
  }
}

/** The first thing, on the way from the publisher to the person's eyes, that says how far it came. */
function causeOf(known: Case): Finding {
  return furthest(known) ?? overness(known) ?? withheld(known) ?? unreached(known);
}

/** How far it came, if it came. */
function furthest({ receipts, standing, found }: Case): Finding | undefined {
  const { read, seen } = standing;
  if (read !== undefined) return { cause: 'delivered.read', evidence: { at: isoTime(read.at) } };
  if (seen !== undefined) return { cause: 'delivered.seen', evidence: { at: isoTime(seen.at) } };
  for (const stage of ['acked', 'received', 'sent'] as const) {
    const note = receipts.find((receipt) => receipt.stage === stage && receipt.offset === found.entry.offset);
    if (note === undefined) continue;
    const isPushed = stage === 'sent' && note.transport === PUSHED;
    return { cause: isPushed ? 'delivered.pushed' : `delivered.${stage}`, evidence: evidenceOf(note) };
  }
  return undefined;
}

function overness({ found: { entry }, now }: Case): Finding | undefined {
  if (entry.kind === 'retracted') return { cause: 'retracted', evidence: {} };
  if (entry.expiresAt !== undefined && entry.expiresAt <= now)
    return { cause: 'expired', evidence: { at: isoTime(entry.expiresAt) } };
  return undefined;
}

/** Not for this person, or against their wishes when it was published. */
function withheld(known: Case): Finding | undefined {
  const { entry } = known.found;
  const topics = entry.topics.filter(
    (topic) => isInbox(known, topic) || known.connections.some((one) => one.reads(topic)),
  );
  if (topics.length === 0) return outside(known);
  let first: Finding | undefined;
  for (const topic of topics) {
    const wish = known.judge(questionOf(entry, 'live', topic, entry.publishedAt));
    // Who muted something only after it was published did not miss it for that.
    if (wish === undefined || (wish.since ?? 0) > entry.publishedAt) return undefined;
    first ??= { cause: wish.cause, evidence: evidenceOfWish(wish) };
  }
  return first;
}

function questionOf({ category, urgent }: EntryTraits, channel: Channel, topic: string, now: number): PersonalQuestion {
  return {
    channel,
    event: { ...(urgent === true && { urgent }) },
    topic,
    now,
    ...(category !== undefined && { category }),
  };
}

function isInbox({ found: { entry }, user, follows }: Case, topic: string): boolean {
  if (topic === userTopic(user)) return true;
  return follows.some(
    (one) => one.topic === topic && one.from < entry.offset && (one.to === null || entry.offset <= one.to),
  );
}

function outside({ found: { entry }, follows }: Case): Finding {
  const concerned = follows.filter(({ topic }) => entry.topics.includes(topic));
  const later = concerned.find(({ from }) => from >= entry.offset);
  if (later !== undefined)
    return { cause: 'follow.later', evidence: { topic: later.topic, since: isoTime(later.since) } };
  const ended = concerned.findLast(({ until }) => until !== null);
  if (ended !== undefined)
    return { cause: 'follow.ended', evidence: { topic: ended.topic, until: isoTime(ended.until ?? 0) } };
  return { cause: 'audience.not_named', evidence: {} };
}

/** For this person and as they wish: it is for the connections to say. */
function unreached(known: Case): Finding {
  const { entry } = known.found;
  const reading = known.connections.filter((one) => entry.topics.some((topic) => one.reads(topic)));
  const had = reading.find(({ from, through }) => from < entry.offset && entry.offset <= through);
  if (had !== undefined) return { cause: 'delivered.sent', evidence: viaOf(had) };
  const behind = reading.find(({ through }) => through < entry.offset);
  if (behind !== undefined) return { cause: 'connection.behind', evidence: { ...viaOf(behind), lag: behind.lag } };
  if (reading.length > 0 && entry.offset <= known.floor) return { cause: 'retention', evidence: {} };
  if (reading.length > 0 || known.connections.length === 0) return unconnected(known);
  return elsewhere(known);
}

/** It is connected now at most since something later. */
function unconnected({ user, reach }: Case): Finding {
  const last = reach.lastOf(user);
  if (last === undefined) return { cause: 'connection.none', evidence: {} };
  const { at, transport, reason } = last;
  return { cause: 'connection.closed', evidence: { at: isoTime(at), transport, reason } };
}

function elsewhere({ found: { entry }, connections }: Case): Finding {
  const mayRead = connections.some((one) => entry.topics.some((topic) => one.mayRead(topic)));
  return { cause: mayRead ? 'connection.elsewhere' : 'right.missing', evidence: viaOf(connections[0]) };
}

function viaOf(reach: OpenReach | undefined): Evidence {
  if (reach === undefined) return {};
  const { transport, device, since } = reach;
  return { transport, since: isoTime(since), ...(device !== undefined && { device }) };
}

function evidenceOf({ at, transport, device }: ReceiptNote): Evidence {
  return { at: isoTime(at), transport, ...(device !== null && { device }) };
}

/** The evidence as the end of a sentence. */
function detailOf(evidence: Evidence): string {
  const said = Object.entries(evidence).map(([name, value]) => `${name} ${String(value)}`);
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}
