import * as fc from 'fast-check';
import { MARK_STATES } from '#clarion/protocol';
import { CATEGORIES } from './inbox-world.js';

/** In each sequence so many people, topics that they may follow, and devices that each person has. */
export const PEOPLE = 2;
export const TOPICS = 3;
export const DEVICES = 2;

const MAX_STEPS = 40;

const person = fc.nat(PEOPLE - 1);
const topic = fc.nat(TOPICS - 1);
const device = fc.nat(DEVICES - 1);
/** One of many, by its number modulo how many there are. */
const pick = fc.nat(999);
/** A topic, or (the last) one's own. */
const topicOrOwn = fc.nat(TOPICS);
const category = fc.constantFrom(...CATEGORIES.map(({ id }) => id));
const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 2): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq });

const publish = fc.record({
  kind: fc.constant('publish' as const),
  /** Topics, then people; in the publisher's order. */
  to: fc.uniqueArray(fc.nat(TOPICS + PEOPLE - 1), { minLength: 1, maxLength: 3 }),
  category: maybe(category),
  ttlS: maybe(fc.integer({ min: 1, max: 20 })),
  collapseKey: maybe(fc.constantFrom('k', 'l'), 3),
  hasTitle: fc.boolean(),
});

const follow = fc.record({ kind: fc.constantFrom('follow' as const, 'unfollow' as const), person, topic });

const mark = fc.record({
  kind: fc.constant('mark' as const),
  person,
  device,
  state: fc.constantFrom(...MARK_STATES),
  undo: fc.integer({ min: 0, max: 3 }).map((number) => number === 3),
  /** Of snoozes: from the device's time on. */
  untilMs: fc.constantFrom(-1_000, 1, 1_000, 8_000, 8_001, 30_000),
  target: fc.oneof(
    fc.record({ ids: fc.array(pick, { minLength: 1, maxLength: 3 }) }),
    fc.record({ upTo: pick, topic: maybe(topicOrOwn) }),
  ),
  saysWhen: fc.integer({ min: 0, max: 4 }).map((number) => number > 0),
});

const connection = fc.record({
  kind: fc.constant('connect' as const),
  /** One of those that are offline. */
  pick,
  /** In which order it delivers what has waited: each time the one of this number, modulo how many there are. */
  order: fc.array(pick, { minLength: 1, maxLength: 4 }),
  twice: fc.boolean(),
  atOnce: fc.boolean(),
});

const edit = fc.record({
  kind: fc.constant('edit' as const),
  pick,
  edit: fc.constantFrom(
    { title: 'another title' },
    { body: 'more', title: null },
    { data: null },
    { type: null, url: '/x' },
    { title: 'again', body: null, icon: '/i.png' },
  ),
});

const choice = fc.record({
  kind: fc.constant('choose' as const),
  person,
  muted: fc.subarray([...Array(TOPICS + 1).keys()]),
  offers: maybe(fc.boolean()),
  news: maybe(fc.boolean()),
});

const look = fc.record({
  kind: fc.constant('look' as const),
  limit: fc.integer({ min: 1, max: 5 }),
  category: maybe(category),
  topic: maybe(topicOrOwn),
});

const step = fc.oneof(
  { weight: 9, arbitrary: publish },
  { weight: 4, arbitrary: follow },
  { weight: 10, arbitrary: mark },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('disconnect' as const), person, device }) },
  { weight: 2, arbitrary: connection },
  { weight: 2, arbitrary: edit },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retract' as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 2, 999, 1_000, 8_000, 20_000) }),
  },
  { weight: 1, arbitrary: choice },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('grant' as const),
      person,
      topic,
      right: fc.constantFrom('from now on' as const, 'all' as const, 'none' as const),
    }),
  },
  { weight: 4, arbitrary: look },
);

type Chance = typeof step extends fc.Arbitrary<infer S> ? S : never;
/** What chance may bring, and many publishes at once. */
export type Step = Chance | (Omit<Extract<Chance, { kind: 'publish' }>, 'kind'> & { kind: 'flood'; count: number });
export type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>;

const seldom = fc.oneof({ weight: 24, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(MAX_STEPS) });

/** What happens to a few people and topics. */
export const sequence = fc.record({
  /** By how much the clock of each device is wrong, milliseconds. */
  skews: fc.array(fc.constantFrom(0, 0, 0, 1, -1, 2_000, -2_000, -60_000, 60_000), {
    minLength: PEOPLE * DEVICES,
    maxLength: PEOPLE * DEVICES,
  }),
  /** Who follows what at first: numbers of pairs. */
  followed: fc.subarray([...Array(PEOPLE * TOPICS).keys()], { minLength: 2 }),
  /** Which devices are offline at first. */
  offline: fc.subarray([...Array(PEOPLE * DEVICES).keys()]),
  steps: fc.array(step, { minLength: 10, maxLength: MAX_STEPS, size: 'max' }),
  /** After so many steps the store is restarted, or retention drops all of the resume log; undefined: never. */
  restartAfter: seldom,
  forgetAfter: seldom,
});

type ChanceSequence = typeof sequence extends fc.Arbitrary<infer S> ? S : never;
export type Sequence = Omit<ChanceSequence, 'steps'> & { steps: Step[] };
