import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { NotificationStore } from '#clarion/notifications';
import { checkPage } from './store-drain.js';
import { DAY_ONE, draft, withPlace, withStore, type OpenLog, type StoreCheck } from './store-harness.js';
import { StoreModel } from './store-model.js';

const TOPICS = ['orders', 'orders/1', 'orders/2', 'orders/1/a', 'a/b/c', 'users/u-1', 'users/u-2', '$sys/x', 'z'];
const PATTERNS = ['*', '**', 'orders/*', 'orders/**', '*/1/*', '*/**', 'users/*', 'a/*/c'];

/** Each run opens a log of its own, which takes far longer than its steps. */
const RUNS = 12;
const MAX_STEPS = 80;

const topics = fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 4 });
const selectors = fc.option(
  fc.array(fc.constantFrom(...TOPICS, ...PATTERNS, 'nothing'), { minLength: 1, maxLength: 5 }),
  { nil: null },
);
/** A place in the log, as a fraction of the head. */
const fraction = fc.nat(1_000).map((thousandths) => thousandths / 1_000);

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      batch: fc.array(fc.record({ topics, bytes: fc.nat(300), lateMs: fc.nat(2_000) }), { maxLength: 20 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      after: fraction,
      selectors,
      limit: fc.integer({ min: 1, max: 30 }),
      maxBytes: fc.integer({ min: 1, max: 3_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('history' as const),
      topic: fc.constantFrom(...TOPICS),
      limit: fc.integer({ min: 1, max: 10 }),
      before: fc.option(fraction, { nil: undefined }),
      agoMs: fc.nat(20_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('prune' as const),
      policy: fc.record({
        resumeMaxAgeMs: fc.nat(20_000),
        resumeMaxBytes: fc.nat(10_000),
        historyMaxAgeMs: fc.nat(40_000),
        historyMaxPerTopic: fc.nat(12),
      }),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** One log and its model side by side, under a clock that the steps move. */
class Comparison {
  readonly #store: NotificationStore;
  readonly #model = new StoreModel();
  #head: number;
  #now = DAY_ONE;

  constructor({ store, opened }: OpenLog) {
    this.#store = store;
    this.#head = opened.head;
  }

  async take(one: Step): Promise<void> {
    if (one.kind === 'append') await this.#append(one);
    else if (one.kind === 'read') await this.#read(one);
    else if (one.kind === 'history') await this.#history(one);
    else await this.#prune(one);
  }

  async #append({ batch }: Extract<Step, { kind: 'append' }>): Promise<void> {
    const requests = batch.map((one) => {
      this.#now += one.lateMs;
      return draft({ topics: one.topics, publishedAt: this.#now, body: 'x'.repeat(one.bytes) });
    });
    const results = await this.#store.append(requests);
    this.#model.append(requests, results);
    for (const result of results)
      if (result.outcome === 'appended') this.#head = Math.max(this.#head, result.offset ?? 0);
  }

  async #read({ after: at, ...asked }: Extract<Step, { kind: 'read' }>): Promise<void> {
    const after = Math.round(at * this.#head);
    const page = await this.#store.read({ after, ...asked });
    if (after < this.#head) checkPage(page, { after, ...asked });
    assert.ok(page.through <= this.#head, `through ${page.through} lies beyond the head ${this.#head}`);
    assert.equal(page.floor, this.#model.floor);
    assert.deepEqual(page.entries, this.#model.matching(after, page.through, asked.selectors));
  }

  async #history({ topic, limit, before, agoMs }: Extract<Step, { kind: 'history' }>): Promise<void> {
    const request = {
      topic,
      limit,
      publishedFrom: this.#now - agoMs,
      ...(before !== undefined && { before: Math.round(before * this.#head) }),
    };
    assert.deepEqual(await this.#store.history(request), this.#model.history(request));
  }

  async #prune({ policy }: Extract<Step, { kind: 'prune' }>): Promise<void> {
    const allowed = this.#model.prune(policy, this.#now, this.#head);
    const floor = await this.#store.prune(policy, this.#now);
    assert.ok(
      floor >= allowed.least && floor <= allowed.most,
      `floor ${floor} is not within ${allowed.least} to ${allowed.most}`,
    );
    this.#model.forget(policy, this.#now, floor);
  }
}

export const modelChecks: readonly StoreCheck[] = [
  {
    name: 'model: any sequence of appends, reads, histories and prunes gives what a naive model gives',
    run: (harness) =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: MAX_STEPS, size: 'max' }), (steps) =>
          withPlace(harness, (place) =>
            withStore(place, async (log) => {
              const comparison = new Comparison(log);
              for (const one of steps) await comparison.take(one);
            }),
          ),
        ),
        { numRuns: RUNS, endOnFailure: true },
      ),
  },
];
