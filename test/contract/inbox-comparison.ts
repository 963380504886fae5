import assert from 'node:assert/strict';
import { APPLICATION } from '#clarion/access';
import type { LogEntry } from '#clarion/event-bus';
import type { Changed } from '#clarion/notifications';
import {
  DomainError,
  editSchema,
  INBOX_FILTERS,
  isTopic,
  markSchema,
  OWN_TOPIC,
  parsePublish,
  wantedPreferencesSchema,
  type Cursor,
  type MarkRequest,
  type Topic,
} from '#clarion/protocol';
import {
  InboxModel,
  type ModelEntry,
  type ModelMark,
  type ModelNotification,
  type ModelPerson,
  type ModelQuery,
} from './inbox-model.js';
import { DEVICES, PEOPLE, TOPICS, type Sequence, type Step, type StepOf } from './inbox-steps.js';
import { CATEGORIES, type InboxWorld } from './inbox-world.js';

/** The time by which everything goes, which moves only when it is told to. */
export interface Clock {
  now(): number;
  pass(ms: number): void;
}

/** One of a person's devices, with a clock of its own; what it cannot deliver waits. */
interface Device {
  readonly skewMs: number;
  readonly waiting: MarkRequest[];
  isOffline: boolean;
}

interface Somebody extends ModelPerson {
  readonly devices: readonly Device[];
  readonly rights: Map<string, number>;
}

const MAX_PAGES = 1_000;
const EVERYTHING = { state: 'all', category: undefined, topic: undefined } as const;

let sequences = 0;

/** The server's domain and the model side by side, through one sequence of steps: with people and topics that no other sequence has. */
export class Comparison {
  readonly #world: InboxWorld;
  readonly #clock: Clock;
  readonly #sequence: Sequence;
  readonly #model = new InboxModel(CATEGORIES);
  readonly #people: readonly Somebody[];
  readonly #topics: readonly Topic[];
  readonly #cursors: Cursor[] = [];
  readonly #begin: number;

  constructor(world: InboxWorld, clock: Clock, sequence: Sequence) {
    const number = ++sequences;
    this.#world = world;
    this.#clock = clock;
    this.#sequence = sequence;
    this.#topics = Array.from({ length: TOPICS }, (_, i) => topicOf(`s${number}/t${i}`));
    this.#people = Array.from({ length: PEOPLE }, (_, i) => somebody(`s${number}-p${i}`, i, sequence, this.#topics));
    this.#begin = world.log.head;
  }

  /** @param limit of the pages at the end. @throws {AssertionError} when the two differ. */
  async run(limit = 3): Promise<void> {
    const { steps, followed, restartAfter, forgetAfter } = this.#sequence;
    await Promise.all(
      followed.map((pair) => this.#follow({ kind: 'follow', person: pair % PEOPLE, topic: Math.floor(pair / PEOPLE) })),
    );
    for (const [i, step] of steps.entries()) {
      await this.#take(step);
      if (i === forgetAfter) await this.#forget();
      if (i === restartAfter) await this.#acrossRestart();
    }
    for (const [person, device] of this.#offline()) await this.#reconnect(person, device, device.waiting.splice(0));
    await this.check(limit);
  }

  /** Everything that can be seen. @throws {AssertionError} */
  async check(limit = 3): Promise<void> {
    for (const person of this.#people) {
      await Promise.all(INBOX_FILTERS.map((state) => this.#compareInbox(person, { ...EVERYTHING, state }, limit)));
      await this.#comparePerson(person);
    }
    await this.#compareLog();
  }

  async #forget(): Promise<void> {
    await this.#world.forgetResumeLog();
    this.#model.forget(this.#clock.now());
    await this.check();
  }

  async #acrossRestart(): Promise<void> {
    await this.check();
    await this.#world.restart();
    await this.check();
  }

  async #take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'publish':
        return this.#publish(step);
      case 'flood':
        await Promise.all(Array.from({ length: step.count }, () => this.#publish(step)));
        return;
      case 'follow':
      case 'unfollow':
        return this.#follow(step);
      case 'mark':
        return this.#mark(step);
      case 'disconnect':
        this.#device(step).isOffline = true;
        return;
      case 'connect':
        return this.#connect(step);
      case 'edit':
        return this.#edit(step);
      case 'retract':
        return this.#retract(step);
      case 'pass':
        return this.#clock.pass(step.ms);
      case 'choose':
        return this.#choose(step);
      case 'grant':
        return this.#grant(step);
      case 'look':
        return this.#look(step);
    }
  }

  async #publish({ to, category, ttlS, collapseKey, hasTitle }: Omit<StepOf<'publish'>, 'kind'>): Promise<void> {
    const topics = to.map((i) => this.#topics[i] ?? ownTopic(this.#person(i - TOPICS)));
    const said = hasTitle ? { title: 'a title' } : { type: 'a.type', data: { n: 1 } };
    const marks = { ...(category !== undefined && { category }), ...(collapseKey !== undefined && { collapseKey }) };
    const draft = { ...said, ...marks, topics, ...(ttlS !== undefined && { ttl: ttlS }) };
    const publishedAt = this.#clock.now();
    const { id, cursor } = await this.#world.publisher.publish(APPLICATION, parsePublish(draft));
    const expiresAt = ttlS === undefined ? undefined : publishedAt + ttlS * 1_000;
    const times = { publishedAt: iso(publishedAt), ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }) };
    const offset = await this.#placeOf(cursor);
    const shown = { ...said, ...marks, ...times };
    const known = { id, cursor: String(cursor), offset, topics, publishedAt, expiresAt, category, collapseKey };
    this.#model.publish({ ...known, shown, isRetracted: false, isForgotten: false });
  }

  async #follow({ kind, person: i, topic: t }: StepOf<'follow' | 'unfollow'>): Promise<void> {
    const person = this.#person(i);
    const topic = at(this.#topics, t);
    const isFollowed = this.#model.isFollowing(person.user, topic);
    const now = this.#clock.now();
    const done = await outcomeOf(this.#world.acts[kind](person, topic));
    if (kind === 'follow' && person.historyFrom(topic) === undefined) return assert.equal(done, 'topic.forbidden');
    assert.equal(changedIn(done), isFollowed === (kind === 'unfollow'), `${kind} ${topic}`);
    if (isFollowed !== (kind === 'unfollow')) return;
    const body = { change: `${kind}ed`, followed: topic, at: iso(now) };
    this.#model[kind](person.user, topic, await this.#personally(person, done, body));
  }

  async #mark(step: StepOf<'mark'>): Promise<void> {
    const device = this.#device(step);
    const request = this.#requestOf(step, device);
    if (request === undefined) return;
    if (device.isOffline) device.waiting.push(request);
    else await this.#deliver(this.#person(step.person), request);
  }

  /** As a device makes it, by its own clock, of what is there; undefined: nothing is there yet. */
  #requestOf(
    { person: i, state, undo, untilMs, target, saysWhen }: StepOf<'mark'>,
    { skewMs }: Device,
  ): MarkRequest | undefined {
    const person = this.#person(i);
    const now = this.#clock.now() + skewMs;
    const named = 'ids' in target ? this.#idsOf(person, target.ids) : this.#rangeOf(target);
    if (named === undefined) return undefined;
    return markSchema.parse({
      state,
      ...(undo && { undo }),
      ...(state === 'snoozed' && !undo && { until: iso(now + untilMs) }),
      ...(saysWhen && { at: iso(now) }),
      ...named,
    });
  }

  #idsOf(person: Somebody, picks: readonly number[]): { ids: string[] } | undefined {
    const all = this.#model.notifications;
    const theirs = all.filter((one) => this.#model.wasTheirs(person.user, one));
    // Now and then one that may be anybody's.
    const found = picks.map((pick) => (pick % 10 === 0 ? all : theirs)).map((list, i) => chosen(list, picks[i] ?? 0));
    const ids = found.flatMap((one) => one?.id ?? []);
    return ids.length === 0 ? undefined : { ids };
  }

  #rangeOf({ upTo, topic }: { upTo: number; topic: number | undefined }): { upTo: Cursor; topic?: string } | undefined {
    const cursor = chosen(this.#cursors, upTo);
    if (cursor === undefined) return undefined;
    return { upTo: cursor, ...(topic !== undefined && { topic: this.#topics[topic] ?? OWN_TOPIC }) };
  }

  /** Alone: what it is answered must be what the model says. */
  async #deliver(person: Somebody, request: MarkRequest): Promise<void> {
    const mark = await this.#asModel(person, request);
    if (this.#mayNot(person, mark))
      return assert.equal(await outcomeOf(this.#world.acts.mark(person, request)), 'topic.forbidden');
    const expected = this.#model.judgeMark(person.user, mark);
    const done = await outcomeOf(this.#world.acts.mark(person, request));
    if (expected === 'notification.unknown') return assert.equal(done, expected);
    // That a range changes nothing of what is there does not mean that others have said all of it.
    if ('ids' in mark.target || expected === 'changed')
      assert.equal(changedIn(done), expected === 'changed', 'changed');
    await this.#marked(person, request, mark, done);
  }

  async #marked(person: Somebody, request: MarkRequest, mark: ModelMark, done: Changed | string): Promise<void> {
    this.#model.mark(person.user, mark);
    if (changedIn(done)) await this.#personally(person, done, toldOf(person, request, mark));
  }

  async #connect({ pick, order, twice, atOnce }: StepOf<'connect'>): Promise<void> {
    const found = chosen(this.#offline(), pick);
    if (found === undefined) return;
    const [person, device] = found;
    const delivered = inOrder(device.waiting.splice(0), order);
    await this.#reconnect(person, device, twice ? [...delivered, ...delivered] : delivered, atOnce);
  }

  async #reconnect(person: Somebody, device: Device, requests: readonly MarkRequest[], atOnce = false): Promise<void> {
    device.isOffline = false;
    if (atOnce) await this.#deliverAtOnce(person, requests);
    else for (const request of requests) await this.#deliver(person, request);
  }

  #offline(): [Somebody, Device][] {
    return this.#people.flatMap((person) =>
      person.devices.filter(({ isOffline }) => isOffline).map((device): [Somebody, Device] => [person, device]),
    );
  }

  /** Which of them comes first is not said, and must not matter. */
  async #deliverAtOnce(person: Somebody, requests: readonly MarkRequest[]): Promise<void> {
    const marks = await Promise.all(requests.map((request) => this.#asModel(person, request)));
    const all = await Promise.all(requests.map((request) => outcomeOf(this.#world.acts.mark(person, request))));
    for (const [i, done] of all.entries()) {
      const mark = at(marks, i);
      const isRefused =
        this.#mayNot(person, mark) || this.#model.judgeMark(person.user, mark) === 'notification.unknown';
      assert.equal(typeof done === 'string', isRefused, `refused: ${JSON.stringify(done)}`);
      if (!isRefused) await this.#marked(person, at(requests, i), mark, done);
    }
  }

  async #asModel(
    person: Somebody,
    { state, undo = false, until, ids, upTo, topic, at: time }: MarkRequest,
  ): Promise<ModelMark> {
    const now = this.#clock.now();
    return {
      state,
      undo,
      at: time === undefined ? now : Math.min(now, Date.parse(time)),
      until: until === undefined ? null : Date.parse(until),
      target:
        upTo === undefined
          ? { ids: ids ?? [] }
          : { upTo: await this.#offsetOf(upTo), topic: topic === OWN_TOPIC ? ownTopic(person) : topic },
    };
  }

  /** Whether it names a topic that this person may not read. */
  #mayNot(person: Somebody, { target }: ModelMark): boolean {
    if ('ids' in target || target.topic === undefined || target.topic === ownTopic(person)) return false;
    return person.historyFrom(target.topic) === undefined;
  }

  async #edit({ pick, edit }: StepOf<'edit'>): Promise<void> {
    const picked = chosen(this.#model.notifications, pick);
    if (picked === undefined) return;
    const parsed = editSchema.parse(edit);
    const { outcome, shown } = this.#model.judgeEdit(picked.id, parsed, this.#clock.now());
    const done = await outcomeOf(this.#world.amendments.edit(APPLICATION, picked.id, parsed));
    if (shown === undefined || typeof done === 'string') return assert.equal(done, outcome);
    this.#model.edit(picked.id, shown, await this.#placeOf(done.cursor));
  }

  async #retract({ pick }: StepOf<'retract'>): Promise<void> {
    const picked = chosen(this.#model.notifications, pick);
    if (picked === undefined) return;
    const now = this.#clock.now();
    const expected = this.#model.judgeRetraction(picked.id, now);
    const done = await outcomeOf(this.#world.amendments.retract(APPLICATION, picked.id));
    if (typeof done === 'string') return assert.equal(done, expected);
    assert.equal(done.cursor === undefined, expected === 'unchanged', 'retracted again');
    if (done.cursor !== undefined) this.#model.retract(picked.id, now, await this.#placeOf(done.cursor));
  }

  async #choose({ person: i, muted, offers, news }: StepOf<'choose'>): Promise<void> {
    const person = this.#person(i);
    const wanted = wantedPreferencesSchema.parse({
      categories: {
        ...(offers !== undefined && { offers: { inbox: offers } }),
        ...(news !== undefined && { news: { inbox: news } }),
      },
      mutedTopics: muted.map((t) => this.#topics[t] ?? ownTopic(person)),
    });
    const { head } = this.#world.log;
    await this.#world.preferences.set(person, wanted);
    this.#model.choose(person.user, wanted);
    const offset = this.#world.log.head;
    const body = { change: 'preferences', at: iso(this.#clock.now()) };
    if (offset > head) this.#model.didPersonally({ offset, id: '', topics: [ownTopic(person)], body });
  }

  #grant({ person: i, topic, right }: StepOf<'grant'>): void {
    const { rights } = this.#person(i);
    const name = at(this.#topics, topic);
    if (right === 'none') rights.delete(name);
    else rights.set(name, right === 'all' ? 0 : this.#clock.now());
  }

  async #look({ limit, category, topic: t }: StepOf<'look'>): Promise<void> {
    await this.check(limit);
    for (const person of this.#people) {
      const topic = t === undefined ? undefined : (this.#topics[t] ?? ownTopic(person));
      for (const state of ['all', 'unread'] as const)
        await this.#compareInbox(person, { state, category, topic }, limit);
    }
  }

  async #compareInbox(person: Somebody, query: ModelQuery, limit: number): Promise<void> {
    const items = await this.#drain(person, query, limit);
    const expected = this.#model.inbox(person, query, this.#clock.now());
    assert.deepEqual(items, expected, `the inbox of ${person.user}, ${JSON.stringify(query)}`);
  }

  async #drain(person: Somebody, { state, category, topic }: ModelQuery, limit: number): Promise<unknown[]> {
    const query = {
      state,
      limit,
      ...(category !== undefined && { category }),
      ...(topic !== undefined && { topic: topic === ownTopic(person) ? OWN_TOPIC : topicOf(topic) }),
    };
    const items: unknown[] = [];
    let page = await this.#world.inbox.page(person, query);
    for (let pages = 0; ; pages++) {
      assert.ok(page.items.length <= limit && pages < MAX_PAGES, 'a page is too long, or there is no end of pages');
      items.push(...page.items.map((item): unknown => JSON.parse(item)));
      if (page.nextPage === undefined) return items;
      page = await this.#world.inbox.page(person, { ...query, page: page.nextPage });
    }
  }

  async #comparePerson(person: Somebody): Promise<void> {
    const { user } = person;
    const summary = await this.#world.inbox.summary(person);
    assert.deepEqual(summary, this.#model.summary(person, this.#clock.now()), `the summary of ${user}`);
    const follows = await this.#world.acts.follows(person);
    assert.deepEqual(
      follows.map(({ topic }) => topic),
      this.#model.follows(user),
      `what ${user} follows`,
    );
    const kept = this.#model.notifications.filter((one) => this.#model.isKept(one, this.#clock.now()));
    const theirs = kept.filter((one) => this.#model.wasTheirs(user, one));
    await Promise.all(theirs.map((one) => this.#compareStanding(user, one)));
  }

  async #compareStanding(user: string, notification: ModelNotification): Promise<void> {
    const standing = await this.#world.store.standing(user, notification.offset);
    assert.deepEqual(standing, this.#model.standing(user, notification), `${notification.id} with ${user}`);
  }

  /** What somebody gets who resumes from before everything, as far as the resume log has it. */
  async #compareLog(): Promise<void> {
    const now = this.#clock.now();
    const after = Math.max(this.#begin, this.#world.log.floor);
    const read = await this.#readLog(after);
    const entries = read.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
    const found = entries.map(({ offset, id, kind, about, topics, body }): ModelEntry => ({
      offset,
      id: kind === 'inbox' ? '' : id,
      kind: kind === 'erased' ? undefined : kind,
      about,
      topics,
      body: JSON.parse(`{${body}}`),
    }));
    assert.deepEqual(
      found,
      this.#model.log(now).filter(({ offset }) => offset > after),
      'the log',
    );
  }

  async #readLog(from: number): Promise<LogEntry[]> {
    const selectors = [...this.#topics, ...this.#people.map(ownTopic)];
    const entries: LogEntry[] = [];
    for (let after = from; after < this.#world.log.head;) {
      const page = await this.#world.log.read({ after, selectors, limit: 1_000, maxBytes: 1e9 });
      entries.push(...page.entries);
      after = page.through;
    }
    return entries;
  }

  /** Notes what a person did, which their devices find in the log. @returns its place. */
  async #personally(person: Somebody, done: Changed | string, body: ModelEntry['body']): Promise<number> {
    const offset = await this.#placeOf(typeof done === 'string' ? undefined : done.cursor);
    this.#model.didPersonally({ offset, id: '', topics: [ownTopic(person)], body });
    return offset;
  }

  /** The place of something new: it has one, and devices know it from now on. */
  async #placeOf(cursor: Cursor | undefined): Promise<number> {
    assert.ok(cursor !== undefined, 'a cursor');
    this.#cursors.push(cursor);
    return this.#offsetOf(cursor);
  }

  async #offsetOf(cursor: Cursor): Promise<number> {
    const offset = await this.#world.log.offsetOf(cursor);
    assert.ok(offset !== undefined, 'the cursor names a place of this log');
    return offset;
  }

  #person(i: number): Somebody {
    return at(this.#people, i);
  }

  #device({ person, device }: { person: number; device: number }): Device {
    return at(this.#person(person).devices, device);
  }
}

function somebody(user: string, i: number, { skews, offline }: Sequence, topics: readonly Topic[]): Somebody {
  const rights = new Map(topics.map((topic) => [topic as string, 0]));
  const devices = Array.from({ length: DEVICES }, (_, d) => ({
    skewMs: at(skews, i * DEVICES + d),
    waiting: [],
    isOffline: offline.includes(i * DEVICES + d),
  }));
  return { user, devices, rights, historyFrom: (topic) => rights.get(topic) };
}

/** As the event `inbox` tells it. */
function toldOf(person: Somebody, { state, undo, ids, upTo, topic }: MarkRequest, mark: ModelMark): ModelEntry['body'] {
  return {
    change: 'marked',
    mark: {
      state,
      ...(undo === true && { undo }),
      ...(mark.until !== null && { until: iso(mark.until) }),
      ...(ids !== undefined && { ids: [...new Set(ids)] }),
      ...(upTo !== undefined && { upTo }),
      ...(topic !== undefined && { topic: topic === OWN_TOPIC ? ownTopic(person) : topic }),
    },
    at: iso(mark.at),
  };
}

/** What came of it, or the code with which it was refused. */
async function outcomeOf<T extends object>(act: Promise<T>): Promise<T | string> {
  try {
    return await act;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

function changedIn(done: Changed | string): boolean {
  assert.notEqual(typeof done, 'string', `refused: ${JSON.stringify(done)}`);
  return typeof done !== 'string' && done.changed;
}

function inOrder<T>(list: T[], order: readonly number[]): T[] {
  const left = [...list];
  return list.flatMap((_, i) => left.splice((order[i % order.length] ?? 0) % left.length, 1));
}

function chosen<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

function at<T>(list: readonly T[], i: number): T {
  const found = list[i];
  if (found === undefined) throw new Error(`there is no number ${i}`);
  return found;
}

function ownTopic({ user }: { readonly user: string }): Topic {
  return topicOf(`users/${user}`);
}

function topicOf(name: string): Topic {
  if (!isTopic(name)) throw new Error(`${name} is no topic`);
  return name;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
