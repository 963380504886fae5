import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Findings } from './findings.js';
import type { Machine } from './machine.js';
import { linesOf, type Line, type Outcome } from './outcome.js';
import type { Plan } from './plan.js';
import type { StoreReport } from './store/store-figures.js';
import { isComplete, type StormFigures } from './storm/storm-figures.js';
import { verdictsOf, type StormOutcome } from './targets.js';
import type { Verdict } from './verdict.js';

/** What was measured of Clarion alone; null: not measured. */
export interface Solos {
  readonly store: StoreReport | null;
  readonly storm: StormFigures | null;
}

/** Everything that one call of the bench found. */
export interface Report {
  /** When it began, ISO 8601. */
  readonly date: string;
  /** What repeats it. */
  readonly command: string;
  readonly seconds: number;
  readonly plan: Plan;
  readonly machine: Machine;
  /** What was not measured, and why: something is not installed, or failed. */
  readonly missing: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly lines: readonly Line[];
  readonly solos: Solos;
  readonly outcomes: readonly Outcome[];
}

const RESULTS = join(import.meta.dirname, '..', '..', 'bench', 'results');

export function makeReport(
  facts: Omit<Report, 'verdicts' | 'lines' | 'outcomes'>,
  outcomes: readonly Outcome[],
): Report {
  const lines = linesOf(outcomes);
  const { store, storm } = facts.solos;
  const own = store?.lines[0];
  const figures = {
    store: store && own ? { ...store, appendsPerSecond: own.appendsPerSecond.median, p99Ms: own.p99Ms.median } : null,
    storm: storm && stormOutcome(storm),
  };
  return { ...facts, verdicts: verdictsOf(new Findings(lines), figures, facts.plan), lines, outcomes };
}

function stormOutcome(storm: StormFigures): StormOutcome {
  const { settled, ring, gathered } = storm.residentMiB;
  return {
    isComplete: isComplete(storm),
    returnSeconds: storm.returnMs / 1_000,
    settledShare: (settled - ring) / gathered,
  };
}

/** Writes a report under `bench/results` and returns the file's name without its ending: the date, and the kind. */
export function saveReport(report: { readonly date: string }, kind: string): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = join(RESULTS, `${report.date.replaceAll(':', '').slice(0, 17)}-${kind}`);
  writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

/** @param isShown whether the picture becomes the one that the README shows. */
export function saveChart(svg: string, file: string, isShown: boolean): void {
  writeFileSync(`${file}.svg`, svg);
  if (isShown) writeFileSync(join(RESULTS, '..', 'chart.svg'), svg);
}
