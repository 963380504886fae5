import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turnstile } from './turnstile.js';

function crowd(turnstile: Turnstile, count: number): number[] {
  const inside: number[] = [];
  for (let i = 0; i < count; i++) turnstile.pass(() => inside.push(i));
  return inside;
}

test('a few pass at once', () => {
  expect(crowd(new Turnstile(), 16)).toHaveLength(16);
});

test('of many only a few pass in each turn of the event loop, in their order, and all in the end', async () => {
  const inside = crowd(new Turnstile(), 1_000);
  const seen = [inside.length];
  while (inside.length < 1_000) {
    await turnOfTheLoop();
    seen.push(inside.length);
  }
  const steps = seen.map((count, i) => count - (seen[i - 1] ?? 0));
  expect(Math.max(...steps)).toBe(16);
  expect(inside).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
});

test('who comes while others wait comes after them', async () => {
  const turnstile = new Turnstile();
  const order: string[] = [];
  for (let i = 0; i < 40; i++) turnstile.pass(() => order.push('early'));
  await turnOfTheLoop();
  const late = turnstile.turn().then(() => order.push('late'));
  await late;
  expect(order).toEqual([...Array.from({ length: 40 }, () => 'early'), 'late']);
});

test('after a crowd has passed, who comes alone passes at once', async () => {
  const turnstile = new Turnstile();
  const inside = crowd(turnstile, 100);
  while (inside.length < 100) await turnOfTheLoop();
  await turnOfTheLoop();
  await turnOfTheLoop();
  expect(crowd(turnstile, 1)).toHaveLength(1);
});
