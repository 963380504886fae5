import { describe, expect, it } from 'vitest';
import { bestSaturated, isValid, lineOf, type Outcome } from './outcome.js';
import type { RunResult } from './run.js';
import type { Figures } from './scenario.js';

function saturated(deliveriesPerSecond: number, p99: number, window = 1, limits: string[] = []): RunResult {
  return {
    window,
    publishes: 100,
    publishesPerSecond: 1,
    deliveries: 100,
    deliveriesPerSecond,
    serverCpuSecondsPerMillion: 5,
    serverCpuShare: 1,
    latency: { p50: 1, p99, max: p99 },
    answer: { p50: 1, p99, max: p99 },
    limits,
  };
}

function outcome(repetition: number, runs: readonly RunResult[], invalid: Figures['invalid'] = []): Outcome {
  const fixedRate = saturated(10, repetition);
  const figures = {
    emptyServerBytes: 0,
    bytesPerIdleConnection: 2_048,
    fixedRate,
    saturated: runs,
    invalid,
    publishing: fixedRate,
  };
  return { server: 'S', transport: 'sse', repetition, figures, error: null };
}

describe('bestSaturated', () => {
  it('is the fastest run that keeps the latency limit', () => {
    const runs = [saturated(100, 10), saturated(200, 50), saturated(900, 50.1)];
    expect(bestSaturated(runs)).toBe(runs[1]);
  });

  it('is the one nearest to the limit when none keeps it', () => {
    const runs = [saturated(900, 90), saturated(100, 60)];
    expect(bestSaturated(runs)).toBe(runs[1]);
    expect(bestSaturated([])).toBeNull();
  });
});

describe('lineOf', () => {
  it('takes medians over the repetitions that are valid, and says which are not', () => {
    const failed: Outcome = { server: 'S', transport: 'sse', repetition: 3, figures: null, error: 'lane 0:\n a hole' };
    const line = lineOf('S', 'sse', [outcome(1, [saturated(100, 10)]), outcome(2, [saturated(300, 10)]), failed]);
    expect(line.deliveriesPerSecond).toEqual({ median: 200, min: 100, max: 300, values: [100, 300] });
    expect(line.fixedRateP99Ms?.median).toBe(1.5);
    expect(line.kibPerIdleConnection?.median).toBe(2);
    expect(line.notes).toContain('repetition 3 is not valid: lane 0: a hole');
  });

  it('says when the generator or the latency limit stood in the way', () => {
    const { notes } = lineOf('S', 'sse', [outcome(1, [saturated(100, 51, 16, ['readers at 99 % of a core'])])]);
    expect(notes).toEqual([
      '16 POSTs in flight: 100 deliveries/s, p99 51.0 ms',
      'no window kept the saturated p99 below 50 ms',
      'saturated: readers at 99 % of a core',
    ]);
  });

  it('tells of a window at which something was lost, and does not call the outcome valid', () => {
    const lossy = outcome(1, [saturated(100, 10)], [{ window: 64, reason: 'lane 3: a hole' }]);
    expect(lineOf('S', 'sse', [lossy]).notes).toContain(
      '64 POSTs in flight: not complete and in order, lane 3: a hole',
    );
    expect([isValid(lossy), isValid(outcome(1, [saturated(100, 10)]))]).toEqual([false, true]);
  });

  it('has no figures when nothing was valid', () => {
    const failed: Outcome = { server: 'S', transport: 'sse', repetition: 1, figures: null, error: 'no start' };
    expect(lineOf('S', 'sse', [failed])).toMatchObject({ deliveriesPerSecond: null, publishesPerSecond: null });
  });
});
