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
import { evidenceOf as evidenceOfWish, withheldByAll, type Withheld } from './decisions.js';
import type { Inbox } from './inbox.js';
import type { PushExplanations } from '../push/push-explanations.js';
import { wordsOf, type PushForecasts } from '../push/push-forecasts.js';
import type { ManagedNotifications } from './managed.js';
import type { PersonalJudge, PersonalQuestion, PreferenceBook } from './preference-book.js';
import type { FollowInterval, PeopleStore, ReceiptNote, Standing, StoredNotification } from './people-store.js';
import { NO_PREFERENCES } from './preferences.js';
import type { OpenReach, Reach } from './reach.js';
import type { ReceiptNotes } from './receipt-notes.js';
import { viaOf, whereabouts, type Finding } from './whereabouts.js';

/** What receipts name as the transport of what a push service has taken. */
const PUSHED = 'push';

type ExplainedStore = Pick<PeopleStore, 'follows' | 'receipts' | 'standing' | 'inbox'>;

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
  /** Whether they have ever chosen anything. */
  readonly hasChosen: boolean;
  readonly connections: readonly OpenReach[];
  readonly reach: Reach;
}

/** Says why somebody did, or did not, get a notification: by what is kept of it, and by the very decisions that delivery makes. */
export class Explanations {
  readonly #store: ExplainedStore;
  readonly #notes: Pick<ReceiptNotes, 'flush'>;
  readonly #managed: Pick<ManagedNotifications, 'get'>;
  readonly #inbox: Pick<Inbox, 'scope'>;
  readonly #preferences: Pick<PreferenceBook, 'judgeOf' | 'preferencesOf'>;
  readonly #log: { readonly floor: number };
  readonly #reach: Reach;
  readonly #pushes: Pick<PushExplanations, 'of'>;
  readonly #forecasts: Pick<PushForecasts, 'whyNot'>;

  constructor(
    store: ExplainedStore,
    notes: Pick<ReceiptNotes, 'flush'>,
    managed: Pick<ManagedNotifications, 'get'>,
    inbox: Pick<Inbox, 'scope'>,
    preferences: Pick<PreferenceBook, 'judgeOf' | 'preferencesOf'>,
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
    const connections = await this.#connectionsOf([user]);
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

  /** The causes of many people, of a notification that was found already. */
  async causesOf(found: StoredNotification, users: readonly string[]): Promise<Map<string, Cause>> {
    const connections = await this.#connectionsOf(users);
    const causes = new Map<string, Cause>();
    for (const user of users) causes.set(user, causeOf(await this.#gather(found, user, connections)).cause);
    return causes;
  }

  /** What they have sent is noted by then: also what they sent while they were looked at. */
  async #connectionsOf(users: readonly string[]): Promise<ReadonlyMap<string, readonly OpenReach[]>> {
    const connections = await this.#reach.connectionsOf(users);
    await this.#notes.flush();
    return connections;
  }

  async #gather(
    found: StoredNotification,
    user: string,
    connections: ReadonlyMap<string, readonly OpenReach[]>,
  ): Promise<Case> {
    const { offset } = found.entry;
    const [follows, receipts, standing, judge, preferences] = await Promise.all([
      this.#store.follows(user),
      this.#store.receipts(offset, [user]),
      this.#store.standing(user, offset),
      this.#preferences.judgeOf(user),
      this.#preferences.preferencesOf(user),
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
      hasChosen: preferences !== NO_PREFERENCES,
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
    const { found, standing, now } = known;
    const { entry, collapsedBy } = found;
    const scope = await this.#inbox.scope({ user: known.user, historyFrom: () => 0 });
    const page = await this.#store.inbox({ ...scope, filter: 'inbox', before: entry.offset + 1, limit: 1 });
    if (page.rows[0]?.entry.offset === entry.offset) return { listed: true };
    const over = overness(known);
    if (over !== undefined) return { listed: false, cause: over.cause };
    const topics = entry.topics.filter((topic) => isInbox(known, topic));
    if (topics.length === 0) return { listed: false, cause: outside(known).cause };
    for (const topic of topics) {
      const wish = known.judge(questionOf(entry, 'inbox', topic, now));
      if (wish !== undefined) return { listed: false, cause: wish.cause };
    }
    if (standing.archived !== undefined) return { listed: false, cause: 'archived' };
    const until = standing.snoozed?.until ?? 0;
    if (until > now) return { listed: false, cause: 'snoozed', until: isoTime(until) };
    return { listed: false, cause: topics.some((topic) => collapsedBy.has(topic)) ? 'collapsed' : 'retention' };
  }
}

/** The first thing, on the way from the publisher to the person's eyes, that says how far it came. */
function causeOf(known: Case): Finding {
  return furthest(known) ?? overness(known) ?? whetherWanted(known);
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

/** Not for this person, or against their wishes when it was published; else it is for the connections to say. */
function whetherWanted(known: Case): Finding {
  const topics = concerning(known);
  if (topics.length === 0) return tooOld(known) ?? outside(known);
  const wishes = topics.map((topic) => wishOf(known, topic));
  const wish = withheldByAll(wishes);
  if (wish !== undefined) return { cause: wish.cause, evidence: evidenceOfWish(wish) };
  return unreached(
    known,
    topics.filter((_, i) => wishes[i] === undefined),
  );
}

/** By which of its topics it would have come, as delivery has it: those that a connection read then, or reads now; else those by which it is in the inbox. */
function concerning(known: Case): readonly string[] {
  const { connections, found } = known;
  const { offset, topics, publishedAt } = found.entry;
  const places = topics.map((topic) => ({
    topic,
    after: Math.min(...connections.map((one) => one.readsAfter(topic, publishedAt))),
  }));
  const read = places.filter(({ after }) => after < Infinity);
  const then = read.filter(({ after }) => after < offset);
  if (read.length === 0) return topics.filter((topic) => isInbox(known, topic));
  return (then.length > 0 ? then : read).map(({ topic }) => topic);
}

/** Why they did not want it when it was published. Who muted something only after that did not miss it for that. */
function wishOf({ found: { entry }, judge }: Case, topic: string): Withheld | undefined {
  const wish = judge(questionOf(entry, 'live', topic, entry.publishedAt));
  return (wish?.since ?? 0) > entry.publishedAt ? undefined : wish;
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

/** After which offset a connection reads one of these; Infinity: none of them. */
function afterOf(connection: OpenReach, topics: readonly string[], publishedAt: number): number {
  return Math.min(...topics.map((topic) => connection.readsAfter(topic, publishedAt)));
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

/** A topic is read, but by no right that goes back so far. */
function tooOld({ found: { entry }, connections, now }: Case): Finding | undefined {
  const reading = connections.find((one) => afterOf(one, entry.topics, now) < Infinity);
  return reading && { cause: 'right.missing', evidence: viaOf(reading) };
}

/** @param heard those of its topics that were not withheld: who reads others has not had it for that. */
function unreached(known: Case, heard: readonly string[]): Finding {
  const { user, found, floor, reach, connections } = known;
  const { offset, topics, publishedAt } = found.entry;
  const there = connections.filter((one) => afterOf(one, heard, publishedAt) < offset);
  const past = there.find(({ through }) => offset <= through);
  if (past !== undefined) return passed(known, past);
  const [behind] = there;
  if (behind !== undefined) return { cause: 'connection.behind', evidence: { ...viaOf(behind), lag: behind.lag } };
  const later = connections.find((one) => afterOf(one, heard, publishedAt) < Infinity);
  if (later === undefined) return whereabouts({ user, topics, publishedAt }, connections, reach);
  return offset <= floor ? { cause: 'retention', evidence: {} } : { cause: 'connection.later', evidence: viaOf(later) };
}

/**
 * A connection that reads it came past it. Of whom it names it is noted when it is sent: without that it was withheld by something that says otherwise
 * now, if there can have been any; else the note alone is lost. Of others nothing is noted.
 */
function passed({ found: { entry }, user, hasChosen }: Case, connection: OpenReach): Finding {
  const mayBeWithheld = entry.category !== undefined || hasChosen;
  const isWithheld = mayBeWithheld && entry.topics.includes(userTopic(user));
  return { cause: isWithheld ? 'withheld.then' : 'delivered.sent', evidence: viaOf(connection) };
}

function evidenceOf({ at, transport, device }: ReceiptNote): Evidence {
  return { at: isoTime(at), transport, ...(device !== null && { device }) };
}

/** The evidence as the end of a sentence. */
function detailOf(evidence: Evidence): string {
  const said = Object.entries(evidence).map(([name, value]) => `${name} ${String(value)}`);
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}
