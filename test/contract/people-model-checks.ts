import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { InboxRequest, InboxRow, InboxScope, MarkAct, PeopleStore } from '#clarion/notifications';
import { INBOX_FILTERS, MARK_STATES } from '#clarion/protocol';
import { PeopleModel, sourcesOf } from './people-model.js';
import { NOW, onFreshPeople, OWN, USER, type PeopleScene, type PeopleStoreCheck } from './people-store-harness.js';

const TOPICS = [OWN, 'users/u-2', 'news', 'orders/1', 'a/b'];
const FOLLOWED = ['news', 'orders/1', 'a/b'];
const RUNS = 8;
const MAX_STEPS = 60;

/** Devices' clocks go wrong by so much. */
const skew = fc.integer({ min: -12, max: 5 });
/** One of the things so far, or a place among them, as a fraction. */
const fraction = fc.nat(1_000).map((thousandths) => thousandths / 1_000);

const mark = fc.record({
  kind: fc.constant('mark' as const),
  state: fc.constantFrom(...MARK_STATES, 'read', 'read'),
  undo: fc.boolean(),
  skew,
  snooze: fc.integer({ min: -5, max: 60 }),
  ids: fc.array(fraction, { minLength: 1, maxLength: 3 }),
  upTo: fraction,
  by: fc.constantFrom('ids', 'ids', 'ids', 'all', 'all', 'all', ...FOLLOWED, OWN, 'x'),
});

export const personStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 3 }),
      category: fc.option(fc.constantFrom('chat', 'ads'), { nil: undefined, freq: 2 }),
      ttl: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined, freq: 2 }),
      collapseKey: fc.option(fc.constantFrom('k', 'l'), { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 8, arbitrary: mark },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('follow' as const, 'unfollow' as const),
      topic: fc.constantFrom(...FOLLOWED),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('retract' as const, 'edit' as const), which: fraction }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('check' as const), limit: fc.integer({ min: 1, max: 7 }) }) },
);
export type PersonStep = typeof personStep extends fc.Arbitrary<infer S> ? S : never;

/** One person's inbox and its model side by side, under a clock that the steps move. */
export class PersonComparison {
  readonly model = new PeopleModel();
  readonly #retracted = new Set<string>();
  #scene: PeopleScene;
  #now = NOW;
  #head = 1;

  constructor(scene: PeopleScene) {
    this.#scene = scene;
  }

  /** Goes on with the same data, opened again. */
  goOn(scene: PeopleScene): void {
    this.#scene = scene;
  }

  async take(step: PersonStep): Promise<void> {
    this.#now += 3;
    if (step.kind === 'publish') await this.#publish(step);
    else if (step.kind === 'mark') await this.#mark(step);
    else if ('topic' in step) await this.#follow(step.kind, step.topic);
    else if (step.kind === 'check') await this.compare(step.limit);
    else if ('which' in step) await this.#change(step.kind, step.which);
  }

  /** Everything that the inbox says. */
  async compare(limit: number): Promise<void> {
    const { people } = this.#scene;
    const follows = await people.follows(USER);
    assert.deepEqual(
      follows.map(({ topic, from, to }) => ({ topic, from, to })),
      this.model.follows.toSorted((a, b) => (a.topic === b.topic ? a.from - b.from : a.topic < b.topic ? -1 : 1)),
    );
    const scope = { user: USER, sources: sourcesOf(follows), hiddenCategories: ['ads'], now: this.#now };
    assert.deepEqual(await people.counts(scope), this.model.counts(scope));
    for (const filter of INBOX_FILTERS) await this.#compareList({ ...scope, filter, limit });
    const narrow = {
      ...scope,
      sources: scope.sources.slice(1).map((source) => ({ ...source, publishedFrom: NOW + 60 })),
    };
    assert.deepEqual(await people.counts(narrow), this.model.counts(narrow));
    await this.#compareList({ ...narrow, filter: 'all', limit });
  }

  async #compareList(request: InboxRequest): Promise<void> {
    const rows = await drain(this.#scene.people, request);
    assert.deepEqual(
      rows.map(({ entry: { offset }, topic, standing }) => ({ offset, topic, standing })),
      this.model.list(request, request.filter),
      `list ${request.filter}`,
    );
  }

  async #publish({ topics, category, ttl, collapseKey }: Extract<PersonStep, { kind: 'publish' }>): Promise<void> {
    const id = `n-${this.model.published.length}`;
    const more = {
      ...(category !== undefined && { category }),
      ...(ttl !== undefined && { expiresAt: this.#now + ttl }),
      ...(collapseKey !== undefined && { collapseKey }),
    };
    const entry = { topics, publishedAt: this.#now, body: `"title":"${id}"`, ...more };
    this.#head = await this.#scene.publish(id, entry);
    this.model.published.push({ offset: this.#head, id, ...entry });
  }

  async #mark({
    state,
    undo,
    skew: by,
    snooze,
    ids,
    upTo,
    by: target,
  }: Extract<PersonStep, { kind: 'mark' }>): Promise<void> {
    const known = this.model.published;
    if (known.length === 0) return;
    const named = [...new Set(ids.map((at) => known[Math.floor(at * (known.length - 1))]!.id))];
    const act: MarkAct = {
      kind: 'mark',
      user: USER,
      at: this.#now + by,
      body: '"change":"marked"',
      state,
      undo,
      until: state === 'snoozed' && !undo ? this.#now + snooze : null,
      target:
        target === 'ids'
          ? { ids: named }
          : { upTo: Math.round(upTo * (this.#head + 2)), topic: target === 'all' ? null : target },
    };
    const expected = this.model.mark(act, this.#head);
    const result = await this.#scene.act(act);
    assert.equal(result.outcome, expected === undefined ? 'refused' : 'acted');
    if (result.outcome === 'refused') assert.equal(result.code, 'notification.unknown');
    else {
      assert.equal(result.entry !== null, expected, `appends if it changes anything: ${JSON.stringify(act)}`);
      this.#head = result.entry?.offset ?? this.#head;
    }
  }

  async #follow(kind: 'follow' | 'unfollow', topic: string): Promise<void> {
    const changes = this.model.isFollowed(topic) === (kind === 'unfollow');
    const offset = await this.#scene.done({ kind, user: USER, at: this.#now, body: '"change":"x"', topic });
    assert.equal(offset > 0, changes);
    if (!changes) return;
    this.#head = offset;
    this.model[kind](topic, offset);
  }

  async #change(kind: 'retract' | 'edit', which: number): Promise<void> {
    const known = this.model.published;
    const one = known[Math.floor(which * (known.length - 1))];
    if (one === undefined) return;
    const { id } = one;
    const result = await this.#scene.act(
      kind === 'edit'
        ? { kind, notification: id, edit: { title: 'new' }, at: this.#now }
        : { kind, notification: id, at: this.#now },
    );
    const isGone = this.#retracted.has(id);
    const isOver = one.expiresAt !== undefined && one.expiresAt <= this.#now;
    const refused = kind === 'edit' ? isGone || isOver : isOver && !isGone;
    assert.equal(result.outcome, refused ? 'refused' : 'acted');
    if (result.outcome === 'acted') this.#head = result.entry?.offset ?? this.#head;
    if (kind === 'retract' && !refused) {
      one.retracted = true;
      this.#retracted.add(id);
    }
  }
}

async function drain(people: PeopleStore, request: InboxScope & InboxRequest): Promise<InboxRow[]> {
  const rows: InboxRow[] = [];
  for (let before: number | null | undefined = undefined; before !== null;) {
    const slice = await people.inbox({ ...request, ...(before !== undefined && { before }) });
    assert.ok(slice.rows.length <= request.limit);
    assert.ok(slice.next === null || before === undefined || slice.next < before, 'pages go on');
    rows.push(...slice.rows);
    before = slice.next;
  }
  return rows;
}

export const peopleModelChecks: readonly PeopleStoreCheck[] = [
  {
    name: 'model: whatever a person does, and whatever is published, lists and counts are those of a plain model',
    run: (harness) =>
      fc.assert(
        fc.asyncProperty(fc.array(personStep, { minLength: 20, maxLength: MAX_STEPS, size: 'max' }), (steps) =>
          onFreshPeople('', async (scene, reopen) => {
            const comparison = new PersonComparison(scene);
            for (const step of steps) await comparison.take(step);
            await comparison.compare(5);
            comparison.goOn(await reopen());
            await comparison.compare(100);
          }).run(harness),
        ),
        // Each run opens a log of its own, which takes far longer than its steps.
        { numRuns: RUNS, endOnFailure: true },
      ),
  },
];
