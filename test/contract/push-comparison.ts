import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Claim, ClaimedPush, PushMark, PushSettlement } from '#clarion/notifications';
import { PushModel, type ModelDevice, type ModelEntry, type ModelPush } from './push-model.js';
import { nameOf, NOW, type PushScene, type Reopening } from './push-store-harness.js';

const USERS = ['ann', 'bob', 'cid', 'dan'];
const FOLLOWED = ['a', 'b'];
const TOPICS = [...FOLLOWED, ...USERS.slice(0, 3).map((user) => `users/${user}`)];
const LEASE_MS = 200;

const user = fc.constantFrom(...USERS);
/** One of the things so far, as a fraction. */
const fraction = fc.nat(999).map((thousandths) => thousandths / 1_000);

export const pushStep = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('bring' as const), user, id: fc.constantFrom('d', 'e') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fraction }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('follow' as const), user, topic: fc.constantFrom(...FOLLOWED) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 4 }),
      collapseKey: fc.option(fc.constantFrom('k', 'l'), { nil: undefined, freq: 2 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      which: fraction,
      limit: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      limit: fc.integer({ min: 1, max: 5 }),
      perHost: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      outcome: fc.constantFrom('sent', 'sent', 'waiting', 'parked' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('mark' as const),
      user,
      which: fraction,
      undo: fc.boolean(),
      by: fc.constantFrom('id', 'all', ...FOLLOWED),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retract' as const), which: fraction }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('takeBack' as const), limit: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'reopen' as const) }) },
);
export type PushStep = typeof pushStep extends fc.Arbitrary<infer S> ? S : never;

/** What is being decided, page by page. */
interface Deciding {
  readonly entry: ModelEntry;
  readonly found: string[];
  /** Who had it when it was begun, and by what. */
  readonly before: ReadonlyMap<string, string>;
}

/** A store and its model side by side, under a clock that the steps move. */
export class PushComparison {
  readonly model = new PushModel();
  readonly #place: Reopening;
  #scene: PushScene;
  #now = NOW;
  readonly #deciding = new Map<number, Deciding>();
  readonly #held: {
    readonly push: ClaimedPush;
    readonly device: ModelDevice;
    readonly model: ModelPush | undefined;
    readonly until: number;
  }[] = [];
  /** `offset user/device` of all that was decided and sent. */
  readonly #planned = new Set<string>();
  readonly #sent = new Set<string>();

  constructor(scene: PushScene, place: Reopening) {
    this.#scene = scene;
    this.#place = place;
  }

  /** Most have devices and follow something from the beginning. */
  async begin(): Promise<void> {
    for (const name of USERS) await this.#bring(name, 'd');
    await this.#bring('bob', 'e');
    for (const name of ['ann', 'bob', 'dan']) for (const topic of FOLLOWED) await this.#follow(name, topic);
  }

  async take(step: PushStep): Promise<void> {
    this.#now += 7;
    if (step.kind === 'bring') await this.#bring(step.user, step.id);
    else if (step.kind === 'remove') await this.#remove(step.which);
    else if (step.kind === 'follow') await this.#follow(step.user, step.topic);
    else if (step.kind === 'publish') await this.#publish(step.topics, step.collapseKey);
    else if (step.kind === 'decide') await this.#decide(step.which, step.limit);
    else if (step.kind === 'claim') await this.#claim(step.limit, step.perHost);
    else if (step.kind === 'settle') await this.#settle(step.outcome);
    else if (step.kind === 'mark') await this.#mark(step);
    else if (step.kind === 'retract') await this.#retract(step.which);
    else if (step.kind === 'takeBack') await this.#scene.push.planTakeBacks(this.#now, step.limit);
    else await this.#openAgain(step.kind);
  }

  /** Lets everything come to its end, and looks at what became of it. */
  async finish(): Promise<void> {
    for (this.#now += 10_000; (await this.#dueNow()).length > 0;) await this.#decide(0, 1_000);
    for (let i = 0; i < 1_000; i++) {
      this.#now += 10_000;
      const people = await this.#scene.push.planTakeBacks(this.#now, 2);
      const { pushes } = await this.#claim(100, 100);
      await this.#settle('sent');
      if (people === 0 && pushes.length === 0 && (await this.#scene.push.nextAt(-1)) === undefined) break;
    }
    assert.equal(await this.#scene.push.nextAt(-1), undefined, 'nothing waits');
    assert.deepEqual(await this.#scene.push.waiting(), { due: 0, pushes: 0 });
    for (const entry of this.model.entries) await this.#compareRecords(entry);
  }

  async #compareRecords(entry: ModelEntry): Promise<void> {
    const records = await this.#scene.push.pushes(entry.offset, USERS);
    const pushes = this.model.pushes.filter(({ offset }) => offset === entry.offset);
    assert.deepEqual(
      records.map((one) => `${one.user}/${one.device} ${one.state}`).toSorted(),
      pushes.map(({ device, state }) => `${nameOf(device)} ${state}`).toSorted(),
    );
    for (const { user: whose, device: id, state, takenBackAt } of records) {
      const isRead = entry.retracted || this.model.everRead.has(`${whose} ${entry.offset}`);
      if (takenBackAt !== null) assert.ok(state === 'sent' && isRead, 'only what was read is taken back');
      const device = pushes.find((push) => nameOf(push.device) === `${whose}/${id}`)?.device;
      const isToClose = entry.retracted || this.model.isRead(whose, entry);
      // With a key a newer one may have taken its place on the device.
      if (state === 'sent' && device?.isGone === false && isToClose && entry.collapseKey === undefined)
        assert.notEqual(takenBackAt, null, 'all that was read is taken back');
    }
  }

  async #bring(whose: string, id: string): Promise<void> {
    const { head } = await this.#scene.store.bounds();
    const host = id === 'd' ? 'one.test' : 'two.test';
    await this.#scene.bring(`${whose}/${id}`, { at: this.#now, endpoint: `https://${host}/${whose}` });
    if (this.model.device(whose, id) !== undefined) return;
    this.model.devices.push({ user: whose, id, host, since: head, isGone: false, waitsUntil: 0, held: undefined });
  }

  async #remove(which: number): Promise<void> {
    const present = this.model.devices.filter(({ isGone }) => !isGone);
    const device = present[Math.floor(which * present.length)];
    if (device === undefined) return;
    await this.#scene.remove(nameOf(device), null, this.#now);
    this.model.remove(device);
  }

  async #follow(whose: string, topic: string): Promise<void> {
    const open = this.model.open(whose, topic);
    const offset = await this.#scene.follow(whose, topic, open === undefined ? 'follow' : 'unfollow');
    if (open !== undefined) open.to = offset;
    else this.model.follows.push({ user: whose, topic, from: offset, to: null });
  }

  async #publish(topics: string[], collapseKey: string | undefined): Promise<void> {
    const id = `n-${this.model.entries.length}`;
    const more = { ...(collapseKey !== undefined && { collapseKey }), publishedAt: this.#now, pushAt: this.#now };
    const offset = await this.#scene.publish(id, { topics, ...more });
    this.model.entries.push({ offset, id, topics, collapseKey, retracted: false });
    const isPersonal = topics.every((topic) => topic.startsWith('users/'));
    const isDue = this.model.devices.some(
      (device) => !device.isGone && (!isPersonal || topics.includes(`users/${device.user}`)),
    );
    assert.equal(await this.#scene.push.dueAt(offset), isDue ? this.#now : undefined);
  }

  #dueNow() {
    return this.#scene.push.due(this.#now, 1_000);
  }

  /** One page. */
  async #decide(which: number, limit: number): Promise<void> {
    const all = await this.#dueNow();
    const due = all[Math.floor(which * all.length)];
    if (due === undefined) return;
    const entry = this.model.entry(due.offset);
    const known: Deciding = this.#deciding.get(due.offset) ?? { entry, found: [], before: this.#havingNow(entry) };
    this.#deciding.set(due.offset, known);
    const { candidates, next } = await this.#scene.push.candidates(due.offset, due.mark, limit);
    assert.ok(candidates.length <= limit);
    for (const one of candidates) assert.ok(this.model.hasCandidate(one, entry), `${one.user} at ${due.offset}`);
    const until = this.#now + 500_000;
    const pushes = candidates.flatMap((one) =>
      one.devices.map((device) => ({
        user: one.user,
        device: device.id,
        topic: one.topics[0] ?? '',
        ticket: `${due.offset}-${nameOf(device)}-${due.mark}`,
        until,
      })),
    );
    assert.ok(await this.#scene.push.plan({ offset: due.offset, from: due.mark, next, at: this.#now, pushes }));
    assert.equal(
      await this.#scene.push.plan({ offset: due.offset, from: 'x' as PushMark, next, at: 0, pushes }),
      false,
    );
    for (const push of pushes) this.#notePlanned(due.offset, push.user, push.device, until);
    known.found.push(...candidates.map((one) => one.user));
    if (next === null) this.#decided(known);
  }

  #notePlanned(offset: number, whose: string, id: string, until: number): void {
    const device = this.model.device(whose, id);
    const name = `${offset} ${whose}/${id}`;
    if (device === undefined || this.#planned.has(name)) return;
    this.#planned.add(name);
    if (this.model.waitingOf(device).length === 0 && device.held === undefined) device.waitsUntil = this.#now;
    this.model.pushes.push({ offset, device, order: this.model.pushes.length, state: 'waiting', until });
  }

  /** Who had it all the time, by the same topics, was found, and once. */
  #decided({ entry, found, before }: Deciding): void {
    const after = this.#havingNow(entry);
    for (const [whose, topics] of after)
      if (before.get(whose) === topics)
        assert.equal(found.filter((one) => one === whose).length, 1, `${whose} is found once at ${entry.offset}`);
    this.#deciding.delete(entry.offset);
  }

  #havingNow(entry: ModelEntry): Map<string, string> {
    const having = new Map<string, string>();
    for (const whose of USERS) {
      const topics = this.model.standingTopics(whose, entry);
      const follows = this.model.follows.filter((one) => one.user === whose);
      const hasDevice = this.model.devices.some((one) => one.user === whose && !one.isGone && one.since < entry.offset);
      if (topics.length > 0 && hasDevice) having.set(whose, JSON.stringify([topics, follows]));
    }
    return having;
  }

  async #claim(limit: number, perHost: number): Promise<Claim> {
    const now = this.#now;
    const claim = await this.#scene.claim({ now, limit, perHost, leaseMs: LEASE_MS });
    await this.#noteCancelled(claim);
    const byHost = new Map<string, number>();
    for (const push of claim.pushes) {
      const device = this.model.device(push.device.user, push.device.id);
      assert.ok(device !== undefined && device.waitsUntil <= now, 'nothing before its time, nothing twice');
      byHost.set(device.host, (byHost.get(device.host) ?? 0) + 1);
      this.#hold(push, device);
    }
    assert.ok([...byHost.values()].every((count) => count <= perHost));
    assert.ok(claim.pushes.length <= limit);
    if (claim.pushes.length < limit) this.#compareLeft(byHost, perHost);
    return claim;
  }

  /** What was cancelled was not wanted. */
  async #noteCancelled({ cancelled }: Claim): Promise<void> {
    let count = 0;
    for (const push of this.model.pushes.filter(({ state }) => state === 'waiting')) {
      const { user: whose, id } = push.device;
      const records = await this.#scene.push.pushes(push.offset, [whose]);
      if (records.find(({ device }) => device === id)?.state !== 'cancelled') continue;
      assert.ok(!this.model.isWanted(push, this.#now), `${whose}/${id} ${push.offset} is wanted`);
      push.state = 'cancelled';
      count++;
    }
    const closes = cancelled['replaced'] ?? 0;
    assert.equal(Object.values(cancelled).reduce((sum, one) => sum + one, 0) - closes, count);
  }

  #hold(push: ClaimedPush, device: ModelDevice): void {
    const waiting = this.model.waitingOf(device);
    let model: ModelPush | undefined;
    if (push.kind === 'show') {
      model = waiting.find(({ offset }) => offset === push.entry.offset);
      assert.ok(model !== undefined && this.model.isWanted(model, this.#now), 'only what is wanted');
      assert.equal(waiting[0], model, 'the first of what waits');
      assert.ok(!this.#sent.has(`${model.offset} ${nameOf(device)}`), 'nothing is sent twice');
    }
    device.held = model;
    device.waitsUntil = this.#now + LEASE_MS;
    this.#held.push({ push, device, model, until: device.waitsUntil });
  }

  /** Nothing that could be taken is left. */
  #compareLeft(byHost: ReadonlyMap<string, number>, perHost: number): void {
    for (const device of this.model.devices) {
      if (device.isGone || device.waitsUntil > this.#now || (byHost.get(device.host) ?? 0) >= perHost) continue;
      assert.deepEqual(
        this.model.waitingOf(device).filter((push) => this.model.isWanted(push, this.#now)),
        [],
      );
    }
  }

  /** All that is held. What was let go of meanwhile has come to somebody else, who says what came of it. */
  async #settle(outcome: 'sent' | 'waiting' | 'parked'): Promise<void> {
    const [at, nextAt] = [this.#now, this.#now + 40];
    const held = this.#held.splice(0).filter(({ until }) => until > at);
    await this.#scene.push.settle(
      held.map(({ push: { id } }): PushSettlement => {
        if (outcome === 'waiting') return { id, at, state: outcome, nextAt, reason: 'x', shortened: 0, failed: true };
        return outcome === 'sent' ? { id, at, state: outcome } : { id, at, state: outcome, reason: 'x' };
      }),
    );
    for (const { device, model } of held) {
      device.held = undefined;
      device.waitsUntil = outcome === 'waiting' ? nextAt : at;
      if (model === undefined || model.state !== 'waiting' || outcome === 'waiting') continue;
      model.state = outcome;
      if (outcome === 'sent') this.#sent.add(`${model.offset} ${nameOf(device)}`);
    }
  }

  async #mark({ user: whose, which, undo, by }: Extract<PushStep, { kind: 'mark' }>): Promise<void> {
    const entry = this.model.entries[Math.floor(which * this.model.entries.length)];
    if (entry === undefined) return;
    const topic = by === 'all' ? null : by;
    const target = by === 'id' ? { ids: [entry.id] } : { upTo: entry.offset, topic };
    const result = await this.#scene.act({
      kind: 'mark',
      user: whose,
      state: 'read',
      undo,
      until: null,
      at: this.#now,
      body: '"change":"x"',
      target,
    });
    if (result.outcome === 'refused') return;
    this.model.mark(whose, undo, (one) =>
      by === 'id' ? one === entry : one.offset <= entry.offset && (topic === null || one.topics.includes(topic)),
    );
  }

  async #retract(which: number): Promise<void> {
    const entry = this.model.entries[Math.floor(which * this.model.entries.length)];
    if (entry === undefined) return;
    await this.#scene.done({ kind: 'retract', notification: entry.id, at: this.#now });
    entry.retracted = true;
    this.#deciding.delete(entry.offset);
  }

  async #openAgain(how: 'crash' | 'reopen'): Promise<void> {
    this.#scene = await this.#place[how]();
    await this.#scene.push.releaseAll();
    for (const { device } of this.#held.splice(0)) {
      device.held = undefined;
      device.waitsUntil = this.#now;
    }
    for (const device of this.model.devices) if (device.held !== undefined) device.held = undefined;
  }
}
