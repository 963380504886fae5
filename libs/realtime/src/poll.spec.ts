import { expect, test } from 'vitest';
import type { Selector, Topic } from '#clarion/protocol';
import { KEY, makeWorld, turn } from '../test/session-world.js';

test('one event that wakes many polls has them answered a few in each turn of the event loop, and all in the end', async () => {
  const world = await makeWorld();
  const since = world.log.cursorAt(world.log.head);
  let answered = 0;
  const polls = Array.from({ length: 200 }, async () => {
    const want = { selectors: ['a'] as Selector[], since, limit: 10, waitMs: 60_000 };
    const { views } = await world.realtime.read(KEY, want, new AbortController().signal);
    answered++;
    return views.length;
  });
  await turn();
  await world.publish(['a'] as Topic[], 10);
  const steps: number[] = [];
  while (answered < 200) {
    const before = answered;
    await turn();
    steps.push(answered - before);
  }
  // Sixteen in the turn in which it came, and as many at its end.
  expect(Math.max(...steps)).toBeLessThanOrEqual(32);
  expect(new Set(await Promise.all(polls))).toEqual(new Set([1]));
});
