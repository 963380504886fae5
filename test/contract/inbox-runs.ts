import * as fc from 'fast-check';
import { vi } from 'vitest';
import { Comparison, type Clock } from './inbox-comparison.js';
import { sequence, type Sequence } from './inbox-steps.js';
import { InboxWorld, type Breakage } from './inbox-world.js';

/** Sequences between two restarts after which all of them are looked at again. */
const CHUNK = 50;

export interface Runs {
  /** At least so many sequences. */
  readonly atLeast: number;
  /** Then as many more as begin within so many milliseconds. */
  readonly forMs: number;
  /** Absent: another one each time; a failure prints it. */
  readonly seed?: number;
  /** False: the first sequence that fails is told as it is. */
  readonly isShrunk?: boolean;
}

/**
 * Runs sequences one after the other on one log, and all of them once more after a restart.
 * @returns how many they were. @throws {Error} of fast-check, with the seed and the smallest sequence that fails.
 */
export async function runSequences(
  { atLeast, forMs, seed, isShrunk = true }: Runs,
  breakage?: Breakage,
): Promise<number> {
  let count = 0;
  await withWorld(breakage, async (world, clock) => {
    const end = performance.now() + forMs;
    for (; count < atLeast || performance.now() < end; count += CHUNK)
      await runChunk(world, clock, { endOnFailure: !isShrunk, ...(seed !== undefined && { seed: seed + count }) });
  });
  return count;
}

/** Runs one sequence on a log of its own. @param limit of the pages at its end. @throws {AssertionError} */
export function runOne(one: Sequence, limit?: number): Promise<void> {
  return withWorld(undefined, (world, clock) => new Comparison(world, clock, one).run(limit));
}

async function withWorld(
  breakage: Breakage | undefined,
  use: (world: InboxWorld, clock: Clock) => Promise<void>,
): Promise<void> {
  const clock = fakeClock();
  const world = await InboxWorld.open(breakage);
  try {
    await use(world, clock);
  } finally {
    await world.dispose();
    vi.useRealTimers();
  }
}

async function runChunk(world: InboxWorld, clock: Clock, settings: fc.Parameters<unknown>): Promise<void> {
  const done: Comparison[] = [];
  const property = fc.asyncProperty(sequence, async (one) => {
    const comparison = new Comparison(world, clock, one);
    await comparison.run();
    done.push(comparison);
  });
  await fc.assert(property, { numRuns: CHUNK, ...settings });
  await world.restart();
  for (const comparison of done) await comparison.check();
}

/** For everything in this process that asks for the time. */
function fakeClock(): Clock {
  vi.useFakeTimers({ toFake: ['Date'] });
  return { now: () => Date.now(), pass: (ms) => void vi.setSystemTime(Date.now() + ms) };
}
