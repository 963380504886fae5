import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Topic } from '#clarion/protocol';
import { LINGER_MS, Listener, LONG_MS, Scene, SHORT_MS } from '../../test/presence-scene.js';

const ROOM = 'room/1';
const usersOf = ({ present }: { present: readonly { user: string }[] }) => present.map(({ user }) => user);

let scene: Scene;
let listener: Listener;
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000_000_000 });
  scene = new Scene();
  listener = new Listener();
});
afterEach(() => {
  scene.board.stop();
  vi.useRealTimers();
});

describe('who is there', () => {
  test('people who read exactly the topic, and neither services nor those who read it by a wildcard', async () => {
    scene.reader('u-1').read(ROOM, 'another');
    scene.reader(undefined).read(ROOM);
    scene.reader('u-2').read('room/*');
    expect(await scene.board.ask(ROOM as Topic)).toEqual({
      topic: ROOM,
      present: [{ user: 'u-1', devices: [{ id: 'd', transport: 'test', since: new Date(1).toISOString() }] }],
    });
  });

  test('each device once, by the connection that is there longest, oldest first', async () => {
    for (const device of ['phone', 'laptop', 'phone']) scene.reader('u-1', device).read(ROOM);
    const { present } = await scene.board.ask(ROOM as Topic);
    expect(present[0]!.devices.map(({ id, since }) => [id, Date.parse(since)])).toEqual([
      ['phone', 1],
      ['laptop', 2],
    ]);
  });

  test('at most 1,000 people and 100 devices of each are listed', async () => {
    for (let i = 0; i < 1_001; i++) scene.reader(`u-${i}`).read(ROOM);
    for (let i = 0; i < 150; i++) scene.reader('u-0', `d-${i}`).read(ROOM);
    const { present, more } = await scene.board.ask(ROOM as Topic);
    expect([present.length, present[0]!.devices.length, more]).toEqual([1_000, 100, true]);
  });

  test('a question leaves nothing behind, and a topic that nobody watches costs nothing', async () => {
    await scene.board.ask(ROOM as Topic);
    expect(scene.board.topics).toBe(0);
    scene.reader('u-1').read(ROOM).end();
    expect([scene.board.topics, vi.getTimerCount()]).toEqual([0, 0]);
  });

  test('a long walk misses nobody who comes, and nobody who takes the place of one who goes', async () => {
    vi.useRealTimers();
    const readers = Array.from({ length: 60_000 }, (_, i) => scene.reader(`u-${i % 600}`).read(ROOM));
    let isDone = false;
    const watching = scene.watch(listener, ROOM).finally(() => (isDone = true));
    for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(isDone).toBe(false);
    const gone = readers.slice(0, 100).concat(readers.slice(-20_000));
    for (const reader of gone) reader.end();
    scene.reader('late').read(ROOM);
    const list = await watching;
    expect(usersOf(list).toSorted()).toEqual([...new Set(readers.map(({ user }) => user)), 'late'].toSorted());
    const devices = readers.filter((reader) => reader.user === 'u-5' && reader.topics.length > 0).length;
    expect(devices).toBeGreaterThan(0);
    expect(listener.heard).toEqual([]);
  });
});

describe('coming and going', () => {
  test('the first device joins; after the last one the linger passes', async () => {
    expect(usersOf(await scene.watch(listener, ROOM))).toEqual([]);
    const phone = scene.reader('u-1', 'phone').read(ROOM);
    const laptop = scene.reader('u-1', 'laptop').read(ROOM);
    expect(listener.heard).toEqual([`${ROOM}: +u-1`]);
    phone.end();
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(listener.heard).toHaveLength(1);
    laptop.end();
    await vi.advanceTimersByTimeAsync(LINGER_MS - SHORT_MS);
    expect(listener.heard).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(listener.heard.slice(1)).toEqual([`${ROOM}: -u-1`]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a page that is loaded anew is no news, however often', async () => {
    await scene.watch(listener, ROOM);
    let page = scene.reader('u-1').read(ROOM);
    for (let reloads = 0; reloads < 5; reloads++) {
      page.end();
      await vi.advanceTimersByTimeAsync(LINGER_MS - SHORT_MS);
      page = scene.reader('u-1').read(ROOM);
      await vi.advanceTimersByTimeAsync(LONG_MS);
    }
    expect(listener.heard).toEqual([`${ROOM}: +u-1`]);
  });

  test('who lingers is on the roster without a device, and is announced when gone', async () => {
    await scene.watch(listener, ROOM);
    scene.reader('u-1').read(ROOM).end();
    const late = new Listener();
    expect((await scene.watch(late, ROOM)).present).toEqual([{ user: 'u-1', devices: [] }]);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(late.heard).toEqual([`${ROOM}: -u-1`]);
  });

  test('leaving the topic alone is leaving', async () => {
    const reader = scene.reader('u-1').read(ROOM, 'room/2');
    await scene.watch(listener, ROOM);
    await scene.watch(listener, 'room/2');
    reader.drop(ROOM);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(listener.heard).toEqual([`${ROOM}: -u-1`]);
  });

  test('after the last watcher nothing is kept, nor told', async () => {
    await scene.watch(listener, ROOM);
    const reader = scene.reader('u-1').read(ROOM);
    scene.unwatch(listener, ROOM);
    reader.end();
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect([scene.board.topics, vi.getTimerCount(), listener.heard.length]).toEqual([0, 0, 1]);
  });

  test('who changes their mind before the roster was made hears nothing', async () => {
    const watching = scene.watch(listener, ROOM);
    scene.unwatch(listener, ROOM);
    await watching;
    scene.reader('u-1').read(ROOM);
    expect([scene.board.topics, listener.heard]).toEqual([0, []]);
  });

  test('when the server has stopped nobody leaves, and no timer is left', async () => {
    await scene.watch(listener, ROOM);
    scene.reader('u-1').read(ROOM).end();
    scene.board.stop();
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect([vi.getTimerCount(), listener.heard.length]).toEqual([0, 1]);
  });
});

describe('those who hide', () => {
  test('are neither shown nor announced', async () => {
    scene.hide('u-1', true);
    expect([await scene.board.isHidden('u-1'), await scene.board.isHidden('u-2')]).toEqual([true, false]);
    const reader = scene.reader('u-1').read(ROOM);
    expect(usersOf(await scene.watch(listener, ROOM))).toEqual([]);
    reader.end();
    scene.reader('u-1').read(ROOM);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(listener.heard).toEqual([]);
  });

  test('leave when they begin to, and join when they cease to', async () => {
    scene.reader('u-1').read(ROOM);
    await scene.watch(listener, ROOM);
    scene.hide('u-1', true);
    scene.hide('u-1', true);
    scene.hide('u-1', false);
    scene.hide('u-2', true);
    expect(listener.heard).toEqual([`${ROOM}: -u-1`, `${ROOM}: +u-1`]);
  });
});
