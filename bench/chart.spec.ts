import { describe, expect, it } from 'vitest';
import { chartOf } from './chart.js';
import { linesOf, type Outcome } from './outcome.js';
import { QUICK } from './plan.js';
import type { Report } from './report.js';
import { sampleOutcome } from './samples.js';

function reportOf(outcomes: readonly Outcome[]): Report {
  return {
    date: '2026-01-02T03:04:05.678Z',
    command: 'npm run bench -- --only "a&b"',
    seconds: 100,
    plan: QUICK,
    machine: {
      cpu: 'A <fast> one',
      cores: 2,
      memoryGiB: 8,
      system: 'Linux 6',
      node: 'v20',
      loadBefore: 0,
      fileSystem: 'ext4',
      commit: 'abc',
      versions: { ws: '8.0.0' },
    },
    missing: [],
    verdicts: [],
    lines: linesOf(outcomes),
    solos: { store: null, storm: null },
    outcomes,
  };
}

/** The widths of all bars. */
const barsOf = (svg: string): number[] =>
  [...svg.matchAll(/<rect class="(?:durable|ephemeral|other)"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );

describe('chartOf', () => {
  it('draws bars in the proportion of their figures, with these beside them', () => {
    const svg = chartOf(
      reportOf([
        sampleOutcome({ server: 'Clarion durable', figures: { saturatedRate: 400_000, saturatedP99Ms: 10 } }),
        sampleOutcome({ server: 'other', figures: { saturatedRate: 100_000, saturatedP99Ms: 10 } }),
      ]),
    );
    const [ours = 0, theirs = 0] = barsOf(svg ?? '');
    expect(ours / theirs).toBeCloseTo(4, 1);
    expect(svg).toContain('>400,000<');
    expect(svg).toContain('>Clarion durable, SSE<');
  });

  it('says where a rate misses its latency limit', () => {
    const svg = chartOf(reportOf([sampleOutcome({ figures: { saturatedRate: 100_000, saturatedP99Ms: 56.3 } })]));
    expect(svg).toContain('>100,000, but p99 56 ms<');
  });

  it('names machine, versions and command, and no markup of theirs', () => {
    const svg = chartOf(reportOf([sampleOutcome({ figures: { saturatedRate: 1, saturatedP99Ms: 1 } })]));
    expect(svg).toContain('--only "a&amp;b", 2026-01-02');
    expect(svg).toContain('A &lt;fast&gt; one, 2 cores');
    expect(svg).toContain('ws 8.0.0');
  });

  it('shows lowest and highest of several repetitions', () => {
    const figures = (saturatedRate: number) => ({ figures: { saturatedRate, saturatedP99Ms: 1 } });
    const svg = chartOf(reportOf([sampleOutcome(figures(1)), sampleOutcome({ repetition: 2, ...figures(3) })]));
    expect(svg).toContain('<path class="spread"');
  });

  it('is nothing where nothing of it was measured', () => {
    expect(chartOf(reportOf([sampleOutcome({ figures: {} })]))).toBeNull();
  });
});
