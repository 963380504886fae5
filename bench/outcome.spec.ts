import { describe, expect, it } from 'vitest';
import { linesOf } from './outcome.js';
import type { RunResult, Way } from './run.js';
import { sampleOutcome, sampleRun } from './samples.js';

function runOf(way: Partial<Way>, facts: Partial<RunResult> = {}): RunResult {
  return sampleRun({ way: { ...sampleRun().way, ...way }, ...facts });
}

describe('linesOf', () => {
  it('takes medians over the repetitions of one server in one scenario', () => {
    const lines = linesOf([
      sampleOutcome({ figures: { saturatedRate: 100 } }),
      sampleOutcome({ server: 'T', figures: { saturatedRate: 7 } }),
      sampleOutcome({ scenario: 'idle', figures: { idleKB: 5 } }),
      sampleOutcome({ repetition: 2, figures: { saturatedRate: 300 } }),
    ]);
    expect(lines.map(({ scenario, server }) => [scenario, server])).toEqual([
      ['fan-out', 'S'],
      ['fan-out', 'T'],
      ['idle', 'S'],
    ]);
    expect(lines[0]?.summaries).toEqual({ saturatedRate: { median: 200, min: 100, max: 300, values: [100, 300] } });
  });

  it('has no figure where no repetition had one, and says which had none and why', () => {
    const [line] = linesOf([sampleOutcome({ repetition: 3, error: 'it did\n not start' })]);
    expect(line?.summaries).toEqual({});
    expect(line?.notes).toEqual(['repetition 3 has no figure: it did not start']);
  });

  it('tells of every window, of what was lost, and of who else was busy', () => {
    const limits = [{ what: 'readers, of a core', share: 0.97 }];
    const runs = [
      runOf({}),
      runOf({ window: 16, batch: 100 }, { limits }),
      runOf({ window: 64, protocol: 'websocket' }),
      runOf({ window: 8, perSecond: 10 }),
    ];
    expect(linesOf([sampleOutcome({ runs, faults: ['32 in flight: a hole'] })])[0]?.notes).toEqual([
      '1 in flight: 1,000/s, p99 10.0 ms',
      '16 × 100 in flight: 1,000/s, p99 10.0 ms',
      '64 in flight over websocket: 1,000/s, p99 10.0 ms',
      'not complete and in order, 32 in flight: a hole',
      'the generator may be the limit: readers, of a core up to 97 %, in 1 of 4 runs',
    ]);
  });
});
