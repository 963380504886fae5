import { describe, expect, it } from 'vitest';
import { toMarkdown } from './markdown.js';
import { linesOf, type Outcome } from './outcome.js';
import { QUICK } from './plan.js';
import type { Report } from './report.js';
import { sampleOutcome } from './samples.js';
import type { Verdict } from './verdict.js';

const outcome = (facts: Partial<Outcome>): Outcome => sampleOutcome({ scenario: 'idle', ...facts });

function reportOf(outcomes: readonly Outcome[], facts: Partial<Report> = {}): Report {
  const machine = {
    cpu: 'cpu',
    cores: 2,
    memoryGiB: 8,
    system: 'Linux',
    node: 'v20',
    loadBefore: 0,
    fileSystem: 'ext4',
    commit: null,
    versions: { ws: '8' },
  };
  return {
    date: '2026-01-02T03:04:05.678Z',
    command: 'npm run bench',
    seconds: 100,
    plan: QUICK,
    machine,
    missing: [],
    verdicts: [],
    lines: linesOf(outcomes),
    solos: { store: null, storm: null },
    outcomes,
    ...facts,
  };
}

const runWith = (disturbance: number): Outcome['runs'][number] => ({
  way: { protocol: 'http', batch: 1, window: 1, perSecond: null },
  publishes: 1,
  publishesPerSecond: 1,
  deliveries: 1,
  deliveriesPerSecond: 1,
  serverCpuSecondsPerMillion: 1,
  serverCpuShare: 1,
  latency: { p50: 1, p99: 1, max: 1 },
  answer: { p50: 1, p99: 1, max: 1 },
  limits: [],
  disturbance,
});

describe('toMarkdown', () => {
  it('has a table for each scenario, with the range where there are several repetitions, and a dash where there is no figure', () => {
    const text = toMarkdown(
      reportOf([
        outcome({ figures: { emptyMB: 10, idleKB: 5 } }),
        outcome({ repetition: 2, figures: { emptyMB: 20, idleKB: 7 } }),
        outcome({ server: 'T', error: 'it did not start' }),
      ]),
    );
    expect(text).toContain('### Memory: 1,000 idle connections');
    expect(text).toMatch(/\| S +\| sse +\| +15 \(10–20\) \| 6\.00 \(5\.00–7\.00\) \|/);
    expect(text).toMatch(/\| T +\| sse +\| +– \| +– \|/);
    expect(text).toContain('- T, sse: repetition 1 has no figure: it did not start.');
  });

  it('says above the tables that the machine was not quiet, if it was not', () => {
    expect(toMarkdown(reportOf([outcome({ runs: [runWith(0.15)] })]))).not.toContain('not quiet');
    expect(toMarkdown(reportOf([outcome({ runs: [runWith(0.1), runWith(0.4)] })]))).toContain(
      '**The machine was not quiet**: in 1 of 2 runs other processes used more than 15 % of all cores, up to 40 %.',
    );
  });

  it('counts the verdicts, shows those that were judged, and names those that were not measured', () => {
    const verdict = (kind: Verdict['verdict'], what: string): Verdict => ({
      target: 1,
      what,
      verdict: kind,
      figures: '2 / 1 = 2',
    });
    const verdicts = [verdict('met', 'a'), verdict('not met', 'b'), verdict('not measured', 'c')];
    const text = toMarkdown(reportOf([], { verdicts, missing: ['nchan, since nchan is not installed'] }));
    expect(text).toContain('1 met, 1 not met, 1 not measured.');
    expect(text).toMatch(/\| 1\. a +\| met +\| 2 \/ 1 = 2 +\|/);
    expect(text).toContain('- Not measured of target 1: c.');
    expect(text).toContain('Not measured: nchan, since nchan is not installed.');
  });
});
