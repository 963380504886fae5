import { afterEach, beforeEach, expect, onTestFinished, test, vi, type MockInstance } from 'vitest';
import { OWN, UNREAD, newReader, newScene } from '../test/inbox-scene.js';
import { ErasedPeople } from './erased-people.js';
import { InboxCounter } from './inbox-counter.js';
import { MemoryWriter } from './memory-writer.js';
import { OrphanWriter } from './orphan-writer.js';
import { SourcesReader, packSources } from './packed-sources.js';
import { RememberedInboxes } from './remembered-inboxes.js';

let counted: MockInstance<InboxCounter['find']>;
beforeEach(() => {
  counted = vi.spyOn(InboxCounter.prototype, 'find');
});
afterEach(() => {
  counted.mockRestore();
});

test('what has grown to be worth it is to be remembered in the file', () => {
  const scene = newScene();
  const reader = new RememberedInboxes(scene.connection, new SourcesReader(), 700);
  const written = Array.from({ length: 8 }, () => {
    scene.publish(...Array.from({ length: 99 }, () => ({ topics: ['a'] })));
    return reader.counts({ ...scene.scope, sources: packSources(scene.scope.sources) }).toRemember?.head;
  });
  // Each of the first is walked, which is worth four; what is written need not be again until a hundred more came.
  expect(written.map((head) => head !== undefined)).toEqual([false, false, false, true, false, true, false, true]);
});

test('what was marked up to a cursor makes an inbox no longer to count', () => {
  const scene = newScene();
  const reader = new RememberedInboxes(scene.connection, new SourcesReader(), 700);
  for (let i = 0; i < 12; i++) {
    scene.publish(...Array.from({ length: 99 }, () => ({ topics: ['a'] })));
    const ask = () => reader.counts({ ...scene.scope, sources: packSources(scene.scope.sources) });
    expect(ask().toRemember).toBeUndefined();
    scene.mark({ target: { upTo: scene.head, topic: null } });
    expect(ask()).toEqual({ unread: 0, unseen: 0 });
  }
});

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
