import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest';
import type { InboxSource } from '#clarion/notifications';
import { MARK_STATES } from '#clarion/protocol';
import { NOW, OWN, SEEN, Scene, UNREAD, newScene } from '../test/inbox-scene.js';
import { Statement } from './connection.js';
import { InboxCounter } from './inbox-counter.js';

const IDS = 8;

let counted: MockInstance<InboxCounter['find']>;
beforeEach(() => {
  counted = vi.spyOn(InboxCounter.prototype, 'find');
});
afterEach(() => {
  counted.mockRestore();
});

const seldom = <T>(...values: T[]): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...values) });

const draft = fc.record({
  topics: fc.uniqueArray(fc.constantFrom(OWN, 'a', 'b', 'c', 'users/v'), { minLength: 1, maxLength: 3 }),
  category: seldom('hidden', 'shown'),
  collapseKey: seldom('k'),
  expiresAt: seldom(NOW + 3, NOW + 6),
});
const id = fc.nat(IDS - 1).map((n) => `n-${n + 1}`);
const mark = fc.record({
  state: fc.constantFrom('read', 'read', ...MARK_STATES),
  undo: fc.constantFrom(false, false, true),
  at: fc.integer({ min: NOW, max: NOW + 9 }),
  target: fc.oneof(
    { weight: 2, arbitrary: fc.record({ ids: fc.uniqueArray(id, { minLength: 1, maxLength: 3 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ upTo: fc.nat(20), topic: fc.constantFrom(null, OWN, 'a') }),
    },
  ),
});

/** What may come to pass between two counts. */
const step: fc.Arbitrary<(scene: Scene) => void> = fc.oneof(
  { weight: 8, arbitrary: draft.map((one) => (scene: Scene) => scene.publish(one)) },
  {
    weight: 2,
    arbitrary: fc.constant((scene: Scene) => {
      scene.publish({ topics: ['a', 'b'], collapseKey: 'k' }, { topics: ['a'], collapseKey: 'k' });
    }),
  },
  { weight: 12, arbitrary: mark.map((one) => (scene: Scene) => scene.mark(one)) },
  { weight: 2, arbitrary: id.map((one) => (scene: Scene) => scene.retract(one)) },
  { weight: 2, arbitrary: fc.constant((scene: Scene) => scene.retract(scene.last)) },
  { weight: 1, arbitrary: id.map((one) => (scene: Scene) => scene.edit(one)) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(OWN, 'a', 'b'), fc.integer({ min: 3, max: 12 })).map(
      ([topic, upTo]) =>
        (scene: Scene) =>
          scene.trim(topic, upTo),
    ),
  },
  { weight: 2, arbitrary: fc.integer({ min: 3, max: 12 }).map((offset) => (scene: Scene) => scene.drop(offset)) },
  { weight: 1, arbitrary: fc.constantFrom('u', 'v').map((user) => (scene: Scene) => scene.erase(user)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1, 3, 4, -2).map((ms) => (scene: Scene) => {
      scene.scope = { ...scene.scope, now: scene.scope.now + ms };
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(['hidden'], ['shown'], []).map((hiddenCategories) => (scene: Scene) => {
      scene.scope = { ...scene.scope, hiddenCategories };
    }),
  },
  { weight: 1, arbitrary: fc.constant((scene: Scene) => scene.pass()) },
  { weight: 2, arbitrary: fc.constant((scene: Scene) => scene.remember()) },
  { weight: 4, arbitrary: fc.constant((scene: Scene) => scene.beginAnew()) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(2), fc.boolean()).map(([which, begins]) => (scene: Scene) => {
      const change = begins ? { after: scene.head } : { upTo: scene.head };
      const sources = scene.scope.sources.map((one, i) => (i === which ? { ...one, ...change } : one));
      scene.scope = { ...scene.scope, sources };
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(2), fc.constantFrom(0, 4), fc.constantFrom(null, 9), fc.constantFrom(0, NOW + 2))
      .map(([which, after, upTo, publishedFrom]) => (scene: Scene) => {
        const sources = scene.scope.sources.map((one, i) =>
          i === which ? { ...one, after, upTo, publishedFrom } : one,
        );
        scene.scope = { ...scene.scope, sources };
      }),
  },
);

test.for([
  ['read', undefined, 0.45],
  ['counted', 1, 0.9],
] as const)(
  'what is remembered and what came, which is %s, is what counting anew says',
  { timeout: 120_000 },
  (way) => {
    const [, fewCame, share] = way;
    const { connection } = newScene();
    let [asked, anew] = [0, 0];
    const property = fc.property(
      fc.array(fc.array(step, { maxLength: 4 }), { minLength: 8, maxLength: 24 }),
      (rounds) => {
        for (const table of ['entries', 'audience', 'marks', 'range_marks', 'follows', 'people', 'remembered'])
          connection.exec(`DELETE FROM ${table}`);
        connection.exec('UPDATE log SET floor = 0');
        const scene = new Scene(connection, fewCame);
        for (const steps of rounds) {
          for (const one of steps) one(scene);
          asked += 1;
          expect(scene.remembered).toEqual(scene.anew);
        }
        anew += counted.mock.calls.length;
        counted.mockClear();
      },
    );
    fc.assert(property, { numRuns: 200 });
    // One of two is the anew that it is compared with.
    expect(anew - asked).toBeLessThan(share * asked);
  },
);

type Happen = (scene: Scene) => void;

/** Within one reader, and from one to the next by the file. */
const WAYS: readonly (readonly [string, Happen])[] = [
  ['the same reader', () => undefined],
  ['another reader', (scene) => scene.beginAnew()],
];

function inEachWay<T extends readonly unknown[]>(table: readonly (readonly [string, ...T])[]) {
  return WAYS.flatMap(([way, pass]) => table.map(([name, ...rest]) => [name, way, pass, ...rest] as const));
}

const TOLD: readonly (readonly [string, Happen])[] = [
  ['nothing', () => undefined],
  ['one more', (scene) => scene.publish({ topics: ['a'] })],
  [
    'one more by many topics',
    (scene) => scene.publish({ topics: [...Array.from({ length: 8 }, (_, i) => `c/${i}`), 'a'] }),
  ],
  [
    'what somebody else takes back',
    (scene) => {
      const target = { upTo: 99, topic: null };
      for (const undo of [false, true]) scene.mark({ user: 'v', undo, at: NOW + Number(undo), target });
    },
  ],
  ['one more for others', (scene) => scene.publish({ topics: ['c', 'users/v'] })],
  [
    'many more, each by two topics',
    (scene) => scene.publish(...Array.from({ length: 200 }, () => ({ topics: ['b', 'a'] }))),
  ],
  [
    'some, and one with a key by another topic',
    (scene) => scene.publish({ topics: ['b'] }, { topics: ['a'], collapseKey: 'other' }),
  ],
  [
    'many, and one with a key by another topic',
    (scene) => {
      scene.publish(...Array.from({ length: 65 }, () => ({ topics: ['b'] })), { topics: ['a'], collapseKey: 'other' });
    },
  ],
  [
    'something among much for others',
    (scene) => scene.publish(...Array.from({ length: 99 }, (_, i) => ({ topics: i === 50 ? [OWN] : ['c'] }))),
  ],
  ['a mark', (scene) => scene.read('n-1', 'n-3')],
  [
    'a mark and its undoing',
    (scene) => [false, true].forEach((undo) => scene.mark({ undo, at: NOW + Number(undo), target: { ids: ['n-2'] } })),
  ],
  ['a snooze', (scene) => scene.mark({ state: 'snoozed', target: { ids: ['n-1', 'n-2'] } })],
  ['a retraction', (scene) => scene.retract('n-2')],
  ['an edit', (scene) => scene.edit('n-2')],
  [
    'a newer one with the same key that was retracted',
    (scene) => {
      scene.publish({ topics: ['a'], collapseKey: 'k' });
      scene.retract('n-4');
    },
  ],
  ['a newer one with the same key', (scene) => scene.publish({ topics: ['a'], collapseKey: 'k' })],
  ['a mark up to a cursor', (scene) => scene.mark({ target: { upTo: 4, topic: null } })],
  ['a mark of one topic up to a cursor', (scene) => scene.mark({ state: 'seen', target: { upTo: 99, topic: OWN } })],
  [
    'a mark up to a cursor that an older one of a single notification is taken back of, and one more',
    (scene) => {
      scene.mark({ undo: true, at: NOW + 2, target: { ids: ['n-1'] } });
      scene.mark({ at: NOW + 1, target: { upTo: 99, topic: null } });
      scene.publish({ topics: ['b'] });
    },
  ],
  ['what retention takes from a topic', (scene) => scene.trim('a', 4)],
  ['what retention takes', (scene) => scene.drop(3)],
  [
    'a retraction that retention took, and what came,',
    (scene) => {
      scene.retract('n-2');
      scene.publish({ topics: ['a'] });
      scene.drop(scene.head - 1);
      scene.pass();
    },
  ],
  [
    'what came by a topic that is followed since',
    (scene) => {
      scene.publish({ topics: ['c'] }, { topics: ['d'] });
      scene.add({ topic: 'c', after: scene.head, upTo: null, publishedFrom: 0 });
      scene.add({ topic: 'd', after: scene.head, upTo: scene.head, publishedFrom: 0 });
      scene.publish({ topics: ['c'] }, { topics: ['c', 'a'] }, { topics: ['d'] });
    },
  ],
  [
    'what came by a topic that is followed no more',
    (scene) => {
      scene.publish({ topics: ['a'] });
      const upTo = scene.head;
      scene.scope = {
        ...scene.scope,
        sources: scene.scope.sources.map((one) => (one.topic === 'a' ? { ...one, upTo } : one)),
      };
      scene.publish({ topics: ['a'] }, { topics: ['a', 'b'] });
    },
  ],
  [
    'that a snooze ended',
    (scene) => {
      scene.mark({ state: 'snoozed', until: NOW + 5, target: { ids: ['n-1'] } });
      scene.mark({ state: 'snoozed', until: NOW + 6, target: { ids: ['n-2'] } });
      expect(scene.remembered).toEqual({ unread: 1, unseen: 1 });
      scene.remember();
      scene.scope = { ...scene.scope, now: NOW + 5 };
    },
  ],
  [
    'a page of marks',
    (scene) => {
      scene.publish(...Array.from({ length: 200 }, () => ({ topics: ['a'] })));
      scene.read(...Array.from({ length: 190 }, (_, i) => `n-${4 + i}`));
    },
  ],
  [
    'that one is unread again',
    (scene) => {
      scene.read('n-1', 'n-2');
      expect(scene.remembered).toEqual(UNREAD);
      scene.remember();
      scene.mark({ undo: true, at: NOW + 1, target: { ids: ['n-2'] } });
      scene.publish({ topics: ['a'] });
    },
  ],
  [
    'the snooze of one that came, which is over,',
    (scene) => {
      scene.publish({ topics: ['a'] }, { topics: ['a'] });
      scene.mark({ state: 'snoozed', until: NOW + 5, target: { ids: ['n-4'] } });
      scene.scope = { ...scene.scope, now: NOW + 5 };
    },
  ],
  [
    'that something is over',
    (scene) => {
      scene.publish({ topics: ['a'], expiresAt: NOW + 5 }, { topics: ['a'], expiresAt: NOW + 9 });
      expect(scene.remembered).toEqual({ unread: 5, unseen: 5 });
      scene.scope = { ...scene.scope, now: NOW + 5 };
    },
  ],
];

const COUNTING: readonly (readonly [string, number | undefined])[] = [
  ['', undefined],
  [', who counts all that came,', 0],
];

test.for(
  COUNTING.flatMap(([how, fewCame]) =>
    inEachWay(TOLD).map(([name, way, pass, happen]) => [name, way + how, { pass, happen, fewCame }] as const),
  ),
)('%s: the log tells %s what is new now', ([, , { pass, happen, fewCame }]) => {
  const scene = newScene(fewCame);
  scene.publish({ topics: [OWN] }, { topics: ['a'], collapseKey: 'k' }, { topics: ['b', OWN] });
  expect(scene.remembered).toEqual({ unread: 3, unseen: 3 });
  scene.remember();
  const { head } = scene;
  happen(scene);
  pass(scene);
  counted.mockClear();
  const { remembered } = scene;
  const wasBefore = counted.mock.calls.flatMap(([{ sources }]) => sources.filter(({ after }) => after < head));
  expect(wasBefore).toEqual([]);
  expect(remembered).toEqual(scene.anew);
});

test('what retention takes of what is older than all that is remembered has nothing judged once more', () => {
  const scene = newScene();
  scene.publish({ topics: ['c'] }, { topics: ['c'] }, { topics: ['a'] });
  const { head } = scene;
  scene.publish(...Array.from({ length: 500 }, () => ({ topics: ['a'] })));
  scene.read('n-3');
  expect(scene.remembered).toEqual({ unread: 500, unseen: 500 });
  counted.mockClear();
  scene.trim('c', head);
  expect(scene.remembered).toEqual({ unread: 500, unseen: 500 });
  expect(counted).not.toHaveBeenCalled();
  scene.trim('a', head + 1);
  expect(scene.remembered).toEqual({ unread: 499, unseen: 499 });
  expect(counted).not.toHaveBeenCalled();
});

test('of too many that may have taken the place of others all is counted again', () => {
  const scene = newScene();
  scene.publish({ topics: [OWN] });
  expect(scene.remembered).toEqual(UNREAD);
  counted.mockClear();
  scene.publish(...Array.from({ length: 201 }, (_, i) => ({ topics: ['b', 'a'], collapseKey: `k-${i}` })));
  expect(scene.remembered).toEqual({ unread: 202, unseen: 202 });
  expect(counted.mock.calls.map(([{ sources }]) => sources)).toEqual([scene.scope.sources]);
});

test.for([
  [2_000, 1],
  [14_000, 0],
] as const)('of %i, marks of 430 have all of it counted %i times', ([many, times]) => {
  const scene = newScene();
  scene.publish(...Array.from({ length: many }, () => ({ topics: ['a'] })));
  const ids = Array.from({ length: many }, (_, i) => `n-${i + 1}`);
  scene.read(...ids.slice(430));
  expect(scene.remembered).toEqual({ unread: 430, unseen: 430 });
  counted.mockClear();
  scene.read(...ids.slice(0, 430));
  expect(scene.remembered).toEqual({ unread: 0, unseen: 0 });
  expect(counted).toHaveBeenCalledTimes(times);
});

test('more snoozes end than are judged, one of them of what came', () => {
  const scene = newScene();
  const ids = Array.from({ length: 401 }, (_, i) => `n-${i + 1}`);
  scene.publish(...ids.map(() => ({ topics: [OWN] })));
  scene.mark({ state: 'snoozed', until: NOW + 5, target: { ids } });
  expect(scene.remembered).toEqual({ unread: 0, unseen: 0 });
  scene.publish(...Array.from({ length: 65 }, () => ({ topics: [OWN] })));
  scene.mark({ state: 'snoozed', until: NOW + 4, target: { ids: [scene.last] } });
  scene.scope = { ...scene.scope, now: NOW + 5 };
  expect(scene.remembered).toEqual({ unread: 466, unseen: 466 });
});

test('of too much that came all is counted again', () => {
  const scene = newScene();
  scene.publish({ topics: ['a'] });
  expect(scene.remembered).toEqual(UNREAD);
  counted.mockClear();
  scene.publish(...Array.from({ length: 4_096 }, () => ({ topics: ['a', 'c'] })));
  scene.mark({ target: { upTo: scene.head - 1, topic: null } });
  expect(scene.remembered).toEqual(UNREAD);
  expect(counted.mock.calls.map(([{ sources }]) => sources)).toEqual([scene.scope.sources]);
});

const MORE: readonly (readonly [string, Happen, Happen])[] = [
  [
    'a mark up to a cursor is taken back',
    (scene) => scene.mark({ target: { upTo: 99, topic: null } }),
    (scene) => scene.mark({ undo: true, at: NOW + 1, target: { upTo: 99, topic: null } }),
  ],
  [
    'a snooze up to a cursor is shortened to what is over',
    (scene) => scene.mark({ state: 'snoozed', until: NOW + 50, target: { upTo: 99, topic: null } }),
    (scene) => scene.mark({ state: 'snoozed', until: NOW, at: NOW + 1, target: { upTo: 99, topic: null } }),
  ],
  [
    'retention takes what hid it from the topic by which it was collapsed',
    (scene) => scene.publish({ topics: ['a'], collapseKey: 'k' }),
    (scene) => scene.trim('a', 3),
  ],
  [
    'retention takes what would tell so',
    (scene) => scene.read('n-1'),
    (scene) => {
      scene.mark({ undo: true, at: NOW + 1, target: { ids: ['n-1'] } });
      scene.drop(scene.head);
    },
  ],
  [
    'their marks are erased',
    (scene) => scene.mark({ target: { ids: ['n-1'] } }),
    (scene) => {
      scene.erase('u');
      // Their name was taken off: by the other topic it is there still.
      expect(scene.connection.prepare('SELECT topics FROM entries WHERE id = ?').all(['n-1'])).toEqual([['["a","b"]']]);
    },
  ],
];

test.for(inEachWay(MORE))('when %s, what was not new is new again, for %s', ([, , pass, before, happen]) => {
  const scene = newScene();
  scene.publish({ topics: ['a', 'b', OWN], collapseKey: 'k' });
  before(scene);
  const least = scene.remembered;
  scene.remember();
  happen(scene);
  pass(scene);
  expect(scene.remembered).toEqual({ unread: least.unread + 1, unseen: least.unseen + 1 });
});

const ENDS: readonly (readonly [string, Happen])[] = [
  ['it is over', (scene) => scene.publish({ topics: [OWN], expiresAt: NOW + 5 })],
  ['its snooze ends', (scene) => scene.mark({ state: 'snoozed', until: NOW + 5, target: { ids: ['n-1'] } })],
  [
    'the snooze of all ends',
    (scene) => scene.mark({ state: 'snoozed', until: NOW + 5, target: { upTo: 99, topic: null } }),
  ],
];

test.for(inEachWay(ENDS))('when %s, nobody need say so to %s', ([, , pass, happen]) => {
  const scene = newScene();
  scene.publish({ topics: [OWN] });
  expect(scene.remembered).toEqual({ unread: 1, unseen: 1 });
  happen(scene);
  const before = scene.remembered;
  expect(before).not.toEqual({ unread: 1, unseen: 1 });
  scene.remember();
  pass(scene);
  scene.scope = { ...scene.scope, now: NOW + 4 };
  expect(scene.remembered).toEqual(before);
  pass(scene);
  scene.scope = { ...scene.scope, now: NOW + 5 };
  expect(scene.remembered).toEqual({ unread: 1, unseen: 1 });
  scene.remember();
  pass(scene);
  scene.scope = { ...scene.scope, now: NOW };
  expect(scene.remembered).toEqual(before);
});

test.for([0, 99])('of an inbox without what came to its person, it is told what is read, among %i others', (others) => {
  const scene = newScene();
  scene.publish({ topics: ['a'] });
  scene.scope = { ...scene.scope, sources: scene.scope.sources.filter(({ topic }) => topic !== OWN) };
  expect(scene.remembered).toEqual({ unread: 1, unseen: 1 });
  scene.publish(...Array.from({ length: others }, () => ({ topics: ['c'] })));
  scene.read('n-1');
  expect(scene.remembered).toEqual({ unread: 0, unseen: 0 });
});

test('of more than are counted, what is read makes room for others', () => {
  const scene = newScene();
  scene.publish(...Array.from({ length: 1_005 }, () => ({ topics: [OWN] })));
  expect(scene.remembered).toEqual({ unread: 1_001, unseen: 1_001 });
  for (let i = 0; i < 10; i++)
    scene.mark({ state: i % 2 === 0 ? 'read' : 'seen', target: { ids: [`n-${1 + i * 100}`] } });
  expect(scene.remembered).toEqual({ unread: 1_000, unseen: 995 });
  scene.publish(...Array.from({ length: 3 }, () => ({ topics: [OWN] })));
  expect(scene.remembered).toEqual({ unread: 1_001, unseen: 998 });
});

test('of more than are counted, not every mark makes it too few', () => {
  const scene = newScene();
  scene.publish(...Array.from({ length: 2_500 }, () => ({ topics: [OWN] })));
  expect(scene.remembered).toEqual({ unread: 1_001, unseen: 1_001 });
  counted.mockClear();
  for (let i = 1; i <= 10; i++) {
    scene.read(`n-${i}`);
    expect(scene.remembered).toEqual({ unread: 1_001, unseen: 1_001 });
  }
  expect(counted).not.toHaveBeenCalled();
});

test('of more than are counted so much is read that what is remembered is too little', () => {
  const scene = newScene();
  scene.publish(...Array.from({ length: 2_000 }, () => ({ topics: [OWN] })));
  const ids = Array.from({ length: 300 }, (_, i) => `n-${i + 1}`);
  for (const state of ['seen', 'read'] as const) {
    expect(scene.remembered).toEqual({ unread: 1_001, unseen: 1_001 });
    scene.mark({ state, target: { ids } });
  }
  expect(scene.remembered).toEqual({ unread: 1_001, unseen: 1_001 });
});

test.for([10, 30])('%i marks of as many ids are not looked up one by one', (count) => {
  const scene = newScene();
  const marks = Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (__, j) => `n-${1 + i * count + j}`),
  );
  scene.publish(...marks.flat().map(() => ({ topics: [OWN] })));
  expect(scene.remembered).toEqual({ unread: count * count, unseen: count * count });
  for (const ids of marks) scene.read(...ids);
  const asked = [vi.spyOn(Statement.prototype, 'all'), vi.spyOn(Statement.prototype, 'get')];
  expect(scene.remembered).toEqual({ unread: 0, unseen: 0 });
  expect(asked.reduce((sum, { mock }) => sum + mock.calls.length, 0)).toBeLessThan(50);
  for (const spy of asked) spy.mockRestore();
});

test('what retention took from one topic stands by its ranges all the same', () => {
  const scene = newScene();
  scene.publish({ topics: ['a', 'b'] });
  scene.read('n-1');
  scene.trim('a', 99);
  scene.mark({ undo: true, at: NOW + 1, target: { upTo: 99, topic: 'a' } });
  expect([scene.anew, scene.remembered]).toEqual([UNREAD, UNREAD]);
  scene.mark({ state: 'seen', at: NOW + 2, target: { ids: ['n-1'] } });
  expect([scene.anew, scene.remembered]).toEqual([SEEN, SEEN]);
});

test('what retention left to somebody else alone goes with them, whatever is marked later', () => {
  const scene = newScene();
  scene.publish({ topics: ['users/v', OWN] }, { topics: ['users/v', 'a'] });
  scene.trim(OWN, 99);
  expect(scene.remembered).toEqual(UNREAD);
  scene.erase('v');
  scene.mark({ undo: true, target: { ids: ['n-1', 'n-2'] } });
  expect([scene.anew, scene.remembered]).toEqual([UNREAD, UNREAD]);
  expect(scene.connection.prepare("SELECT id FROM entries WHERE id GLOB 'n-*'").all([])).toEqual([['n-2']]);
});

test('what no topic has is in no inbox, whatever is marked: older versions left such entries when they erased somebody', () => {
  const scene = newScene();
  scene.publish({ topics: ['users/v', OWN] }, { topics: ['a'] });
  expect(scene.remembered).toEqual({ unread: 2, unseen: 2 });
  scene.connection.exec(`
    UPDATE entries SET topics = '["users/u"]' WHERE id = 'n-1';
    DELETE FROM audience WHERE offset = (SELECT offset FROM entries WHERE id = 'n-1');
    UPDATE log SET removals = removals + 1, floor = (SELECT max(offset) FROM entries)`);
  expect([scene.anew, scene.remembered]).toEqual([UNREAD, UNREAD]);
});

test.for([
  ['users/v', 'a'],
  ['a', 'users/v', OWN],
])('a name goes also where retention took its row: %j', (topics) => {
  const scene = newScene();
  scene.publish({ topics });
  scene.trim('users/v', 99);
  scene.erase('v');
  const named = scene.connection.prepare("SELECT topics FROM entries WHERE id = 'n-1'").all([]);
  expect(named).toEqual([[JSON.stringify(topics.filter((topic) => topic !== 'users/v'))]]);
  expect(scene.connection.prepare('SELECT user FROM trimmed').all([])).toEqual([]);
  expect([scene.anew, scene.remembered]).toEqual([UNREAD, UNREAD]);
});

const OTHERS: readonly (readonly [string, Partial<InboxSource>, readonly string[]])[] = [
  ['with another category hidden', {}, ['hidden', 'shown']],
  ['that ends earlier', { upTo: 3 }, ['hidden']],
  ['that begins later', { after: 3 }, ['hidden']],
  ['with a right to what was published later', { publishedFrom: NOW + 1 }, ['hidden']],
];

test.for(inEachWay(OTHERS))('of an inbox %s %s is not told what another one has', ([, , pass, change, hidden]) => {
  const scene = newScene();
  scene.publish({ topics: ['a'] }, { topics: ['a'], category: 'shown' });
  scene.scope = { ...scene.scope, sources: scene.scope.sources.filter(({ topic }) => topic === 'a') };
  expect(scene.remembered).toEqual({ unread: 2, unseen: 2 });
  scene.remember();
  pass(scene);
  const sources = scene.scope.sources.map((one) => ({ ...one, ...change }));
  scene.scope = { ...scene.scope, sources, hiddenCategories: hidden };
  const { remembered } = scene;
  expect(remembered).not.toEqual({ unread: 2, unseen: 2 });
  expect(remembered).toEqual(scene.anew);
});

test('people who were not asked for lately are forgotten', () => {
  const scene = newScene();
  scene.publish({ topics: ['a'] });
  const long = Array.from({ length: 900 }, (_, i) => `category-${String(i).padStart(200, '0')}`);
  const ask = (user: string): void => {
    scene.scope = { ...scene.scope, user, hiddenCategories: long };
    expect(scene.remembered).toEqual({ unread: 1, unseen: 1 });
  };
  for (let i = 0; i < 120; i++) ask(`p-${i}`);
  counted.mockClear();
  ask('p-119');
  ask('p-60');
  expect(counted).not.toHaveBeenCalled();
  ask('p-0');
  expect(counted).toHaveBeenCalledOnce();
});
