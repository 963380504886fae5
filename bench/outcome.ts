import { MAX_SATURATED_P99_MS } from './plan.js';
import type { RunResult } from './run.js';
import type { Figures } from './scenario.js';
import { summarise, type Summary } from './statistics.js';
import type { Subject } from './subjects.js';

/** One subject in one repetition: its figures, or why there are none. */
export interface Outcome {
  readonly server: string;
  readonly transport: Subject['transport'];
  readonly repetition: number;
  readonly figures: Figures | null;
  readonly error: string | null;
}

/** Whether every run delivered everything in order. */
export function isValid({ figures }: Outcome): boolean {
  return figures !== null && figures.invalid.length === 0;
}

/** One line of the report: the repetitions of one subject together. Null where no repetition gave a figure. */
export interface Line {
  readonly server: string;
  readonly transport: Subject['transport'];
  readonly deliveriesPerSecond: Summary | null;
  readonly saturatedCpuSecondsPerMillion: Summary | null;
  readonly saturatedP99Ms: Summary | null;
  readonly fixedRateP50Ms: Summary | null;
  readonly fixedRateP99Ms: Summary | null;
  readonly fixedRateCpuSecondsPerMillion: Summary | null;
  readonly kibPerIdleConnection: Summary | null;
  readonly publishesPerSecond: Summary | null;
  readonly publishAnswerP99Ms: Summary | null;
  readonly notes: readonly string[];
}

/** The fastest run that kept the latency limit; if none did, the one with the lowest p99. Null when there was none. */
export function bestSaturated(runs: readonly RunResult[]): RunResult | null {
  const counting = runs.filter(keepsLimit);
  if (counting.length > 0) return counting.reduce((a, b) => (b.deliveriesPerSecond > a.deliveriesPerSecond ? b : a));
  return runs.reduce<RunResult | null>((a, b) => (a === null || b.latency.p99 < a.latency.p99 ? b : a), null);
}

function keepsLimit(run: RunResult): boolean {
  return run.latency.p99 <= MAX_SATURATED_P99_MS;
}

/** All outcomes of one subject as one line. */
export function lineOf(server: string, transport: Subject['transport'], outcomes: readonly Outcome[]): Line {
  const all = outcomes.flatMap(({ figures }) => (figures === null ? [] : [figures]));
  const best = all.flatMap((figures) => bestSaturated(figures.saturated) ?? []);
  const over = <T>(items: readonly T[], figure: (item: T) => number): Summary | null => summarise(items.map(figure));
  return {
    server,
    transport,
    deliveriesPerSecond: over(best, (run) => run.deliveriesPerSecond),
    saturatedCpuSecondsPerMillion: over(best, (run) => run.serverCpuSecondsPerMillion),
    saturatedP99Ms: over(best, (run) => run.latency.p99),
    fixedRateP50Ms: over(all, ({ fixedRate }) => fixedRate.latency.p50),
    fixedRateP99Ms: over(all, ({ fixedRate }) => fixedRate.latency.p99),
    fixedRateCpuSecondsPerMillion: over(all, ({ fixedRate }) => fixedRate.serverCpuSecondsPerMillion),
    kibPerIdleConnection: over(all, (figures) => figures.bytesPerIdleConnection / 1_024),
    publishesPerSecond: over(all, ({ publishing }) => publishing.publishesPerSecond),
    publishAnswerP99Ms: over(all, ({ publishing }) => publishing.answer.p99),
    notes: notesOf(outcomes, all, best),
  };
}

function notesOf(outcomes: readonly Outcome[], all: readonly Figures[], best: readonly RunResult[]): string[] {
  const notes = [
    ...outcomes.flatMap(({ error, repetition }) =>
      error === null ? [] : [`repetition ${repetition} is not valid: ${error.replaceAll(/\s+/g, ' ')}`],
    ),
    ...windowNotes(all),
    ...all.flatMap(({ invalid }) =>
      invalid.map(({ window, reason }) => `${window} POSTs in flight: not complete and in order, ${reason}`),
    ),
    ...(best.every(keepsLimit) ? [] : [`no window kept the saturated p99 below ${MAX_SATURATED_P99_MS} ms`]),
    ...best.flatMap((run) => run.limits.map((limit) => `saturated: ${limit}`)),
    ...all.flatMap(({ publishing }) => publishing.limits.map((limit) => `publishing: ${limit}`)),
  ];
  return [...new Set(notes)];
}

/** What each window came to: the table shows only the best one that kept the limit. */
function windowNotes(all: readonly Figures[]): string[] {
  const runs = all.flatMap(({ saturated }) => saturated);
  return [...new Set(runs.map((run) => run.window))].map((window) => {
    const own = runs.filter((run) => run.window === window);
    const rate = summarise(own.map((run) => run.deliveriesPerSecond))?.median ?? 0;
    const p99 = summarise(own.map((run) => run.latency.p99))?.median ?? 0;
    return `${window} POSTs in flight: ${Math.round(rate).toLocaleString('en')} deliveries/s, p99 ${p99.toFixed(1)} ms`;
  });
}
