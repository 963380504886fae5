import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { GroupCommit } from './group-commit.js';
import type { AppendRequest, AppendResult } from './store.js';

const LIMITS = { maxBatch: 100, maxWaiting: 250, maxWaitingBytes: 10_000, maxWaitMs: 200 };
const request = (id: string, body = ''): AppendRequest => ({ id, entry: { topics: ['t'], publishedAt: 1, body } });

/** A promise of `value` that somebody else keeps, or breaks with an error. */
function openPromise<T>(value: T): { promise: Promise<T>; settle: (error?: Error) => void } {
  let settle: (error?: Error) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = (failure) => (failure === undefined ? resolve(value) : reject(failure));
  });
  return { promise, settle };
}

/** A store whose commits end when the test says so. */
class Commits {
  readonly batches: string[][] = [];
  #end: ((error?: Error) => void)[] = [];

  commit(batch: readonly AppendRequest[]): Promise<AppendResult[]> {
    this.batches.push(batch.map(({ id }) => id));
    const results = batch.map(({ id }): AppendResult => ({ outcome: 'appended', id, offset: 1 }));
    const { promise, settle } = openPromise(results);
    this.#end.push(settle);
    return promise;
  }

  async end(failure?: Error): Promise<void> {
    this.#end.shift()!(failure);
    await setImmediate();
  }
}

test('what one turn publishes is one commit, and what comes meanwhile is the next', async () => {
  const store = new Commits();
  const group = new GroupCommit((batch) => store.commit(batch), LIMITS);
  const answers = [group.append(request('a'))];
  await Promise.resolve();
  answers.push(group.append(request('b')));
  await setImmediate();
  answers.push(group.append(request('c')), group.append(request('d')));
  expect(store.batches).toEqual([['a', 'b']]);
  await store.end();
  expect(store.batches).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  await store.end();
  expect((await Promise.all(answers)).map((answer) => 'id' in answer && answer.id)).toEqual(['a', 'b', 'c', 'd']);
});

test('nothing is answered before its commit ended', async () => {
  const store = new Commits();
  const group = new GroupCommit((batch) => store.commit(batch), LIMITS);
  let answered = false;
  const answer = group.append(request('a')).then(() => (answered = true));
  await setImmediate();
  await setImmediate();
  expect(store.batches).toEqual([['a']]);
  expect(answered).toBe(false);
  await store.end();
  await answer;
});

test('a failed commit fails its own requests and no later ones', async () => {
  const store = new Commits();
  const group = new GroupCommit((batch) => store.commit(batch), LIMITS);
  const failing = group.append(request('a'));
  await setImmediate();
  const later = group.append(request('b'));
  const failed = failing.catch((error: Error) => error.message);
  await store.end(new Error('disk full'));
  expect(await failed).toBe('disk full');
  await store.end();
  expect(await later).toMatchObject({ outcome: 'appended', id: 'b' });
});

test('more than may wait is refused at once as overloaded, and what waits is kept', async () => {
  const store = new Commits();
  const group = new GroupCommit((batch) => store.commit(batch), LIMITS);
  const accepted = Array.from({ length: 250 }, (_, i) => group.append(request(`n${i}`)));
  await expect(group.append(request('x'))).rejects.toMatchObject({ code: 'overloaded' });
  for (let i = 0; i < 3; i++) {
    await setImmediate();
    await store.end();
  }
  expect(await Promise.all(accepted)).toHaveLength(250);
  expect(store.batches.map((batch) => batch.length)).toEqual([100, 100, 50]);
  await expect(group.append(request('y', 'x'.repeat(10_001)))).rejects.toMatchObject({ code: 'overloaded' });
});

test('what acts weigh counts as bodies do', async () => {
  const store = new Commits();
  const group = new GroupCommit((batch) => store.commit(batch), LIMITS);
  const act = { kind: 'edit', notification: 'n', edit: { body: 'x'.repeat(10_001) }, at: 1 } as const;
  await expect(group.append({ id: 'a', entry: null, act })).rejects.toMatchObject({ code: 'overloaded' });
  const ids = Array.from({ length: 1_000 }, (_, i) => `notification-${i}`);
  const mark = { kind: 'mark', user: 'u', at: 1, body: '', state: 'read', undo: false, until: null } as const;
  await expect(group.append({ id: 'b', entry: null, act: { ...mark, target: { ids } } })).rejects.toMatchObject({
    code: 'overloaded',
  });
});

/** A group whose commits and clock are the test's. */
function lateGroup(maxWaitMs = 200) {
  const store = new Commits();
  const clock = { ms: 5_000 };
  const group = new GroupCommit(
    (batch) => store.commit(batch),
    { ...LIMITS, maxWaitMs },
    () => clock.ms,
  );
  const appendMany = (count: number) => Array.from({ length: count }, (_, i) => group.append(request(`n${i}`)));
  return { store, clock, group, appendMany };
}

test('is late when more than one commit takes has waited too long, until that is answered', async () => {
  const { store, clock, group, appendMany } = lateGroup();
  const first = appendMany(100);
  await setImmediate();
  clock.ms += 150;
  const second = appendMany(50);
  expect(group.isLate).toBe(false);
  clock.ms += 51;
  expect(group.isLate).toBe(true);
  await store.end();
  expect(group.isLate).toBe(false);
  await store.end();
  await Promise.all([...first, ...second]);
  expect(group.isLate).toBe(false);
});

test('is not late for what one commit takes, however long the disk dawdles', async () => {
  const { store, clock, group, appendMany } = lateGroup();
  const answers = appendMany(100);
  await setImmediate();
  clock.ms += 60_000;
  expect(group.isLate).toBe(false);
  answers.push(group.append(request('more')));
  expect(group.isLate).toBe(true);
  await store.end();
  await store.end();
  expect(await Promise.all(answers)).toHaveLength(101);
});

test('is not late after a commit that failed', async () => {
  const { store, clock, group, appendMany } = lateGroup();
  const answers = appendMany(101);
  await setImmediate();
  clock.ms += 60_000;
  expect(group.isLate).toBe(true);
  const failed = Promise.allSettled(answers);
  await store.end(new Error('disk full'));
  expect(group.isLate).toBe(false);
  await store.end();
  expect((await failed).filter(({ status }) => status === 'rejected')).toHaveLength(100);
});

test('is never late where publishes may wait for ever', async () => {
  const { store, clock, group, appendMany } = lateGroup(0);
  const answers = appendMany(200);
  await setImmediate();
  clock.ms += 3_600_000;
  expect(group.isLate).toBe(false);
  await store.end();
  await store.end();
  await Promise.all(answers);
});

test('a full commit does not wait for the end of the turn', async () => {
  const store = new Commits();
  const group = new GroupCommit((batch) => store.commit(batch), LIMITS);
  const answers = Array.from({ length: 100 }, (_, i) => group.append(request(`n${i}`)));
  for (let i = 0; i < 10; i++) await Promise.resolve();
  expect(store.batches).toHaveLength(1);
  await store.end();
  expect(await Promise.all(answers)).toHaveLength(100);
});

test('is late in a turn of the event loop that lasts too long, though what is answered meanwhile was quick', async () => {
  const { store, clock, group, appendMany } = lateGroup();
  const answers = appendMany(100);
  for (let i = 0; i < 10; i++) await Promise.resolve();
  clock.ms += 150;
  answers.push(...appendMany(100));
  const answered = store.end();
  for (let i = 0; i < 10; i++) await Promise.resolve();
  clock.ms += 60;
  answers.push(...appendMany(50));
  expect(group.isLate).toBe(true);
  await answered;
  expect(group.isLate).toBe(false);
  await store.end();
  await store.end();
  expect(await Promise.all(answers)).toHaveLength(250);
});
