import { MEASURE_NAMES, type Figures, type Measure } from './measures.js';
import type { ScenarioName } from './plan.js';
import type { RunResult, Way } from './run.js';
import { groupBy, summarise, type Summary } from './statistics.js';
import type { Subject } from './subjects/subject.js';

/** One server in one scenario in one repetition: its figures, or why there are none. */
export interface Outcome {
  readonly scenario: ScenarioName;
  readonly server: string;
  readonly transport: Subject['transport'];
  readonly repetition: number;
  readonly figures: Figures;
  readonly runs: readonly RunResult[];
  /** Runs that were not complete and in order, and what was wrong; they have no figure. */
  readonly faults: readonly string[];
  /** Why there is no figure at all; null: there is. */
  readonly error: string | null;
}

/** The repetitions of one server in one scenario together. A measure without a figure is absent. */
export interface Line {
  readonly scenario: ScenarioName;
  readonly server: string;
  readonly transport: Subject['transport'];
  readonly summaries: Readonly<Partial<Record<Measure, Summary>>>;
  readonly notes: readonly string[];
}

/** One line for each scenario and server, in the order in which they were first measured. */
export function linesOf(outcomes: readonly Outcome[]): Line[] {
  const groups = groupBy(outcomes, ({ scenario, server, transport }) => [scenario, server, transport].join('\n'));
  return [...groups.values()].map(lineOf);
}

function lineOf(outcomes: readonly Outcome[]): Line {
  const { scenario, server, transport } = outcomes[0]!;
  const summaries = Object.fromEntries(
    MEASURE_NAMES.flatMap((measure) => {
      const summary = summarise(outcomes.flatMap(({ figures }) => figures[measure] ?? []));
      return summary === null ? [] : [[measure, summary]];
    }),
  );
  return { scenario, server, transport, summaries, notes: notesOf(outcomes) };
}

function notesOf(outcomes: readonly Outcome[]): string[] {
  const runs = outcomes.flatMap((outcome) => outcome.runs);
  return [
    ...windowNotes(runs),
    ...outcomes.flatMap(({ error, repetition }) =>
      error === null ? [] : [`repetition ${repetition} has no figure: ${error.replaceAll(/\s+/g, ' ')}`],
    ),
    ...tally(outcomes.flatMap(({ faults }) => faults).map((fault) => `not complete and in order, ${fault}`)),
    ...limitNotes(runs),
  ];
}

/** What each window came to: the table shows only the best one that kept the limit. */
function windowNotes(runs: readonly RunResult[]): string[] {
  const saturated = runs.filter(({ way }) => way.perSecond === null);
  const groups = groupBy(saturated, ({ way }) => wayText(way));
  if (groups.size < 2) return [];
  return [...groups].map(([way, own]) => {
    const rate = summarise(own.map((run) => run.deliveriesPerSecond))?.median ?? 0;
    const p99 = summarise(own.map((run) => run.latency.p99))?.median ?? 0;
    return `${way}: ${Math.round(rate).toLocaleString('en')}/s, p99 ${p99.toFixed(1)} ms`;
  });
}

function wayText({ window, batch, protocol }: Way): string {
  return `${window}${batch > 1 ? ` × ${batch}` : ''} in flight${protocol === 'http' ? '' : ` over ${protocol}`}`;
}

/** What besides the server may have held a figure down. */
function limitNotes(runs: readonly RunResult[]): string[] {
  const groups = groupBy(
    runs.flatMap(({ limits }) => limits),
    ({ what }) => what,
  );
  return [...groups].map(([what, limits]) => {
    const highest = Math.max(...limits.map(({ share }) => share));
    return `the generator may be the limit: ${what} up to ${Math.round(highest * 100)} %, in ${limits.length} of ${runs.length} runs`;
  });
}

/** Each text once, with how many runs it is true of. */
function tally(texts: readonly string[]): string[] {
  return [...groupBy(texts, (text) => text)].map(([text, all]) =>
    all.length > 1 ? `${text} (${all.length} runs)` : text,
  );
}
