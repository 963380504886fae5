import { describe, expect, it } from 'vitest';
import type { RunResult } from '../run.js';
import { sampleRun } from '../samples.js';
import { bestSaturated, searchWindow } from './saturation.js';

function runOf(window: number, deliveriesPerSecond: number, p99: number): RunResult {
  return sampleRun({
    way: { ...sampleRun().way, window },
    deliveriesPerSecond,
    latency: { p50: p99, p99, max: p99 },
  });
}

/** The windows that the search tries on a server with this p99 at each; null: it loses messages there. */
async function windowsTried(p99At: (window: number) => number | null, factor = 2, from = 1): Promise<number[]> {
  const tried: number[] = [];
  const attempt = async (window: number): Promise<RunResult | null> => {
    tried.push(window);
    const p99 = p99At(window);
    return p99 === null ? null : runOf(window, 1, p99);
  };
  await searchWindow(attempt, { from, to: 64, factor }, 50);
  return tried;
}

describe('searchWindow', () => {
  it('goes up to the highest window that is allowed while the limit is kept', async () => {
    expect(await windowsTried(() => 50)).toEqual([1, 2, 4, 8, 16, 32, 64]);
    expect(await windowsTried(() => 50, 4)).toEqual([1, 4, 16, 64]);
  });

  it('stops after two windows that miss the limit, and tries the middle below them', async () => {
    expect(await windowsTried((window) => (window <= 8 ? 50 : 51))).toEqual([1, 2, 4, 8, 16, 32, 11]);
  });

  it('stops at once where the limit is missed by far, or messages are lost', async () => {
    expect(await windowsTried((window) => window * 10)).toEqual([1, 2, 4, 8, 16, 6]);
    expect(await windowsTried((window) => (window < 8 ? 1 : 101))).toEqual([1, 2, 4, 8, 6]);
    expect(await windowsTried((window) => (window < 8 ? 1 : null))).toEqual([1, 2, 4, 8, 6]);
  });

  it('is not misled by a single window that misses the limit on the way up', async () => {
    expect(await windowsTried((window) => (window === 2 ? 60 : 10))).toEqual([1, 2, 4, 8, 16, 32, 64]);
  });

  it('tries no middle where there is none, or nothing kept the limit', async () => {
    expect(await windowsTried((window) => (window === 1 ? 10 : 101))).toEqual([1, 2]);
    expect(await windowsTried(() => 60)).toEqual([1, 2]);
  });
});

describe('bestSaturated', () => {
  it('is the fastest run that keeps the latency limit', () => {
    const runs = [runOf(1, 100, 10), runOf(2, 200, 50), runOf(4, 900, 50.1)];
    expect(bestSaturated(runs, 50)).toBe(runs[1]);
  });

  it('is the one nearest to the limit when none keeps it', () => {
    const runs = [runOf(1, 900, 90), runOf(2, 100, 60)];
    expect(bestSaturated(runs, 50)).toBe(runs[1]);
    expect(bestSaturated([], 50)).toBeNull();
  });
});
