import { expect, test } from 'vitest';
import { walk } from './walk.js';

/** Keeps the event loop busy. */
function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('others have their turns while many are visited', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  let visits = 0;
  await walk(Array.from({ length: 1_000 }), () => {
    spin(0.05);
    visits++;
    return false;
  });
  clearInterval(timer);
  expect(visits).toBe(1_000);
  expect(turns).toBeGreaterThan(4);
});

test('whoever leaves before its turn is not visited, and whoever comes is', async () => {
  const members = new Set(Array.from({ length: 500 }, (_, i) => i));
  const visited: number[] = [];
  await walk(members, (member) => {
    visited.push(member);
    spin(0.02);
    members.delete(member + 1);
    if (member === 400) members.add(1_000);
    return false;
  });
  expect(visited).toEqual([...Array.from({ length: 250 }, (_, i) => i * 2), 1_000]);
});

test('a visit can end the walk', async () => {
  const visited: number[] = [];
  await walk([1, 2, 3], (member) => visited.push(member) === 2);
  expect(visited).toEqual([1, 2]);
});
