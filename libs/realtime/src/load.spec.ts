import { afterEach, expect, test } from 'vitest';
import { Load } from './load.js';

const loads: Load[] = [];
afterEach(() => {
  for (const load of loads.splice(0)) load.stop();
});

function makeLoad(marks: { connections: number; delayMs: number }, connections = () => 0): Load {
  const load = new Load({ ...marks, retryMs: 1_000 }, connections);
  loads.push(load);
  return load;
}

test('a mark of connections holds until they are a fifth below it', () => {
  let connections = 100;
  const load = makeLoad({ connections: 100, delayMs: 0 }, () => connections);
  const at = (count: number): boolean => {
    connections = count;
    return load.isHigh();
  };
  expect([100, 101, 100, 81, 80, 90, 101].map(at)).toEqual([false, true, true, true, false, false, true]);
});

test('a loop that is held up is high load, and relief ends it', async () => {
  const load = makeLoad({ connections: 0, delayMs: 150 });
  let told = 0;
  load.start(() => told++);
  const until = performance.now() + 1_500;
  while (performance.now() < until) {
    const blocked = performance.now() + 300;
    while (performance.now() < blocked);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => told, { timeout: 3_000 }).toBeGreaterThan(0);
  await expect.poll(() => load.isHigh(), { timeout: 10_000 }).toBe(false);
}, 20_000);

test('without marks there is no high load', () => {
  expect(makeLoad({ connections: 0, delayMs: 0 }, () => 1e6).isHigh()).toBe(false);
});

test('clients are told to poll, and to try again at different times', () => {
  const load = makeLoad({ connections: 1, delayMs: 0 });
  const times = Array.from({ length: 100 }, () => load.reason()).map(({ name, use, retryAfterMs }) => {
    expect([name, use]).toEqual(['overloaded', 'polling']);
    return retryAfterMs!;
  });
  expect(Math.min(...times)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...times)).toBeLessThanOrEqual(2_000);
  expect(new Set(times).size).toBeGreaterThan(50);
});
