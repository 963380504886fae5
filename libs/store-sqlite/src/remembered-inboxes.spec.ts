import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, onTestFinished, test, vi, type MockInstance } from 'vitest';
import type { AppendRequest, InboxCounts, InboxScope, InboxSource, MarkAct, NewEntry } from '#clarion/notifications';
import { changeBody } from '#clarion/notifications/people';
import { MARK_STATES } from '#clarion/protocol';
import { temporaryLog } from '../test/temporary-log.js';
import { Statement, type Connection } from './connection.js';
import { ErasedPeople } from './erased-people.js';
import { InboxCounter } from './inbox-counter.js';
import type { RememberedRow } from './inbox-memory.js';
import { LogWriter } from './log-writer.js';
import { MemoryWriter } from './memory-writer.js';
import { OrphanWriter } from './orphan-writer.js';
import { SourcesReader, packSources } from './packed-sources.js';
import { RememberedInboxes } from './remembered-inboxes.js';
import { RetentionWriter } from './retention-writer.js';

const OWN = 'users/u';
const NOW = 100;
const IDS = 8;

type Draft = Pick<NewEntry, 'topics'> &
  Partial<Record<'category' | 'collapseKey', string | undefined>> & { readonly expiresAt?: number | undefined };
type Mark = Partial<Pick<MarkAct, 'state' | 'undo' | 'until' | 'at'>> & { readonly target: MarkAct['target'] };

/** Somebody's inbox on a log of its own, counted as it is remembered and anew. */
class Scene {
  readonly connection: Connection;
  #remembered: RememberedInboxes;
  readonly #memory: MemoryWriter;
  /** Not yet written. */
  #toRemember: RememberedRow[] = [];
  readonly #writer: LogWriter;
  readonly #retention: RetentionWriter;
  #published = 0;
  scope: InboxScope;

  constructor(connection: Connection) {
    this.connection = connection;
    this.#remembered = newReader(connection);
    const erased = new ErasedPeople();
    this.#memory = new MemoryWriter(connection, erased);
    this.#writer = new LogWriter(connection, erased);
    this.#retention = new RetentionWriter(connection);
    for (const topic of ['a', 'b']) this.#append({ id: 'f', entry: null, act: { ...said('follow'), topic } });
    // As if it had been before all that is published.
    connection.exec('UPDATE follows SET from_offset = 0');
    const sources = [OWN, 'a', 'b'].map((topic) => ({ topic, after: 0, upTo: null, publishedFrom: 0 }));
    this.scope = { user: 'u', sources, hiddenCategories: ['hidden'], now: NOW };
  }

  /** With the ids `n-1` and so on. */
  publish(...drafts: readonly Draft[]): void {
    const requests = drafts.map(({ topics, ...traits }): AppendRequest => {
      const known = Object.entries(traits).filter(([, value]) => value !== undefined);
      const entry = { topics, publishedAt: this.scope.now, body: '"title":"x"', ...Object.fromEntries(known) };
      return { id: `n-${++this.#published}`, entry };
    });
    this.#writer.append(requests);
  }

  get last(): string {
    return `n-${this.#published}`;
  }

  mark({ state = 'read', undo = false, until = null, at = this.scope.now, target }: Mark): void {
    const ids = 'ids' in target ? { ids: [...target.ids] } : {};
    const body = changeBody({ change: 'marked', mark: { state, ...(undo && { undo }), ...ids }, at: '' });
    const isSnooze = state === 'snoozed' && !undo;
    const act = { ...said('mark'), at, body, state, undo, until: isSnooze ? (until ?? this.scope.now + 5) : null };
    this.#append({ id: 'm', entry: null, act: { ...act, target } });
  }

  read(...ids: readonly string[]): void {
    this.mark({ target: { ids } });
  }

  retract(id: string): void {
    this.#append({ id: 'r', entry: null, act: { kind: 'retract', notification: id, at: this.scope.now } });
  }

  edit(id: string): void {
    const act = { kind: 'edit', notification: id, edit: { title: 'y' }, at: this.scope.now } as const;
    this.#append({ id: 'e', entry: null, act });
  }

  erase(user: string): void {
    this.#append({ id: 'x', entry: null, act: { kind: 'erase', user, at: this.scope.now } });
  }

  trim(topic: string, upTo: number): void {
    this.#retention.raiseFloor(Math.min(upTo, this.head));
    this.#retention.trimTopic({ topic, upTo });
  }

  drop(offset: number): void {
    this.#retention.raiseFloor(Math.min(offset, this.head));
    this.#retention.dropEntries([offset]);
  }

  /** Nothing of now can be resumed from any more. */
  pass(): void {
    this.#retention.raiseFloor(this.head);
  }

  add(source: InboxSource): void {
    this.scope = { ...this.scope, sources: [...this.scope.sources, source] };
  }

  get head(): number {
    return Number(this.connection.prepare('SELECT max(offset) FROM entries').get([])?.[0]);
  }

  get remembered(): InboxCounts {
    const answer = this.#remembered.counts({ ...this.scope, sources: packSources(this.scope.sources) });
    const { toRemember, ...counts } = answer;
    if (toRemember !== undefined) this.#toRemember.push(toRemember);
    return counts;
  }

  /** What was counted comes into the file. */
  remember(): void {
    this.#memory.remember(this.#toRemember);
    this.#toRemember = [];
  }

  /** Another reader, which knows what is in the file. */
  beginAnew(): void {
    this.#remembered = newReader(this.connection);
  }

  get anew(): InboxCounts {
    return new InboxCounter(this.connection).counts(this.scope);
  }

  #append(request: AppendRequest): void {
    this.#writer.append([request]);
  }
}

/** To whom nothing is too fast to be remembered. */
function newReader(connection: Connection): RememberedInboxes {
  return new RememberedInboxes(connection, new SourcesReader(), 0);
}

function said<K extends 'follow' | 'mark'>(kind: K) {
  return { kind, user: 'u', at: 1, body: changeBody({ change: 'followed', at: '' }) } as const;
}

function newScene(): Scene {
  const { connection } = temporaryLog();
  connection.exec('PRAGMA synchronous = OFF');
  return new Scene(connection);
}

let counted: MockInstance;
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

test('what is remembered is what counting anew says, whatever comes between', { timeout: 120_000 }, () => {
  const { connection } = newScene();
  let [asked, anew] = [0, 0];
  const property = fc.property(
    fc.array(fc.array(step, { maxLength: 4 }), { minLength: 8, maxLength: 24 }),
    (rounds) => {
      for (const table of ['entries', 'audience', 'marks', 'range_marks', 'follows', 'people', 'remembered'])
        connection.exec(`DELETE FROM ${table}`);
      connection.exec('UPDATE log SET floor = 0');
      const scene = new Scene(connection);
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
  expect(anew - asked).toBeLessThan(0.45 * asked);
});

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
  ['one more for others', (scene) => scene.publish({ topics: ['c', 'users/v'] })],
  [
    'as many more as are looked at, each by two topics',
    (scene) => scene.publish(...Array.from({ length: 200 }, () => ({ topics: ['b', 'a'] }))),
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
    'that something is over',
    (scene) => {
      scene.publish({ topics: ['a'], expiresAt: NOW + 5 }, { topics: ['a'], expiresAt: NOW + 9 });
      expect(scene.remembered).toEqual({ unread: 5, unseen: 5 });
      scene.scope = { ...scene.scope, now: NOW + 5 };
    },
  ],
];

test.for(inEachWay(TOLD))('%s: the log tells %s what is new now', ([, , pass, happen]) => {
  const scene = newScene();
  scene.publish({ topics: [OWN] }, { topics: ['a'], collapseKey: 'k' }, { topics: ['b', OWN] });
  expect(scene.remembered).toEqual({ unread: 3, unseen: 3 });
  scene.remember();
  happen(scene);
  pass(scene);
  counted.mockClear();
  const { remembered } = scene;
  expect(counted).not.toHaveBeenCalled();
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

test('of more than that all is counted again', () => {
  const scene = newScene();
  scene.publish({ topics: [OWN] });
  expect(scene.remembered).toEqual(UNREAD);
  counted.mockClear();
  scene.publish(...Array.from({ length: 201 }, () => ({ topics: ['b', 'a'] })));
  expect(scene.remembered).toEqual({ unread: 202, unseen: 202 });
  expect(counted).toHaveBeenCalledOnce();
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

const [UNREAD, SEEN] = [
  { unread: 1, unseen: 1 },
  { unread: 1, unseen: 0 },
];

test('of somebody who is erased nothing is remembered, nor is what was counted before', () => {
  const scene = newScene();
  scene.publish({ topics: [OWN] }, { topics: ['a', OWN] });
  expect(scene.remembered).toEqual({ unread: 2, unseen: 2 });
  scene.remember();
  const kept = () => scene.connection.prepare('SELECT user, unread FROM remembered').all([]);
  expect(kept()).toEqual([['u', expect.stringMatching(/^\[\d+,\d+\]$/)]]);
  scene.publish(...Array.from({ length: 100 }, () => ({ topics: ['a'] })));
  expect(scene.remembered).toEqual({ unread: 102, unseen: 102 });
  scene.erase('u');
  scene.remember();
  expect(kept()).toEqual([]);
  scene.beginAnew();
  // By who asked before, and is answered later.
  expect(scene.remembered).toEqual(scene.anew);
  scene.remember();
  expect(kept()).toEqual([]);
});

test('that somebody else is erased takes nothing from what is to be remembered', () => {
  const scene = newScene();
  scene.publish({ topics: [OWN, 'users/v'] });
  expect(scene.remembered).toEqual(UNREAD);
  scene.erase('v');
  scene.remember();
  counted.mockClear();
  scene.beginAnew();
  expect(scene.remembered).toEqual(UNREAD);
  expect(counted).not.toHaveBeenCalled();
});

test('somebody of that name who comes later is remembered as others are', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const scene = newScene();
  scene.erase('u');
  vi.advanceTimersByTime(10_000);
  scene.publish({ topics: [OWN] });
  expect(scene.remembered).toEqual(UNREAD);
  scene.remember();
  expect(scene.connection.prepare('SELECT user FROM remembered').all([])).toEqual([['u']]);
});

test('what was remembered before all that is kept is forgotten', () => {
  const scene = newScene();
  const isKept = () => scene.connection.prepare('SELECT count(*) FROM remembered').get([])?.[0] === 1;
  scene.publish({ topics: ['a'] });
  expect(scene.remembered).toEqual(UNREAD);
  scene.remember();
  const orphans = new OrphanWriter(scene.connection);
  scene.publish({ topics: ['a'] });
  expect([orphans.dropRemembered(), isKept()]).toEqual([false, true]);
  for (let offset = 1; offset < scene.head; offset++) scene.drop(offset);
  expect([orphans.dropRemembered(), isKept()]).toEqual([false, false]);
  expect([scene.anew, scene.remembered]).toEqual([UNREAD, UNREAD]);
});

test('what is in the file is written anew before so much has changed that all would be counted', () => {
  const scene = newScene();
  scene.publish({ topics: ['a'] });
  for (let i = 0; i < 30; i++) {
    scene.publish(...Array.from({ length: 30 }, () => ({ topics: ['a'] })));
    expect(scene.remembered).toEqual({ unread: 1 + 30 * (i + 1), unseen: 1 + 30 * (i + 1) });
    scene.remember();
  }
  counted.mockClear();
  scene.beginAnew();
  expect(scene.remembered).toEqual({ unread: 901, unseen: 901 });
  expect(counted).not.toHaveBeenCalled();
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

test('of two readers the one that counted later is remembered', () => {
  const scene = newScene();
  scene.publish({ topics: ['a'] });
  expect(scene.remembered).toEqual(UNREAD);
  const later = newReader(scene.connection);
  scene.read('n-1');
  const { toRemember } = later.counts({ ...scene.scope, sources: packSources(scene.scope.sources) });
  new MemoryWriter(scene.connection, new ErasedPeople()).remember([toRemember!]);
  scene.remember();
  expect(scene.connection.prepare('SELECT unread FROM remembered').all([])).toEqual([['[]']]);
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
