import { Histogram, type HistogramData } from '../histogram.js';
import { SLICE_MS, type FloodRecord } from './flood.js';
import type { FloodReport } from './flood-tally.js';

/** Percentiles of a duration, in milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What one flood came to. */
export interface FloodFigures {
  readonly capacityPerSecond: number;
  readonly seconds: number;
  /** A second, as all that follows in it. */
  readonly due: number;
  readonly unsent: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly withoutRetryAfter: number;
  readonly acceptedMs: Spread;
  readonly refusedMs: Spread;
  /** At a tenth of the capacity, before the flood. */
  readonly calmMs: Spread;
  readonly healthMs: Spread;
  /** After the end of the flood; null: not within the time that was watched. */
  readonly normalAfterMs: number | null;
  readonly faults: readonly string[];
}

/** What the issue asks, and whether it was so. */
export interface FloodTarget {
  readonly what: string;
  readonly met: boolean;
}

const MAX_ACCEPTED_P99_MS = 500;
const MAX_NORMAL_AFTER_MS = 5_000;
/** Answers of a calm server may be so much slower than before the flood, and so slow at least. */
const AS_BEFORE = 3;
const QUICK_MS = 50;
const ANSWERS_TO_EXCESS: ReadonlySet<string> = new Set(['429', '503']);

export function figuresOf(record: FloodRecord): FloodFigures {
  const { flood, before, healthMs } = record;
  const rate = (count: number): number => count / flood.seconds;
  return {
    capacityPerSecond: record.capacityPerSecond,
    seconds: flood.seconds,
    due: rate(flood.due),
    unsent: rate(flood.unsent),
    accepted: rate(flood.accepted),
    refused: Object.fromEntries(Object.entries(flood.refused).map(([status, count]) => [status, rate(count)])),
    withoutRetryAfter: flood.withoutRetryAfter,
    acceptedMs: spreadOf([flood.acceptedMicros]),
    refusedMs: spreadOf([flood.refusedMicros]),
    calmMs: spreadOf(before.map(({ acceptedMicros }) => acceptedMicros)),
    healthMs: spreadOfMs(healthMs),
    normalAfterMs: normalAfterMs(record),
    faults: record.faults,
  };
}

export function targetsOf(figures: FloodFigures): FloodTarget[] {
  const { due, capacityPerSecond, faults, refused, acceptedMs, normalAfterMs: after } = figures;
  const strange = Object.keys(refused).filter((status) => !ANSWERS_TO_EXCESS.has(status));
  return [
    { what: `offered ${(due / capacityPerSecond).toFixed(1)} times the capacity`, met: due > capacityPerSecond * 4.5 },
    { what: 'every accepted publish delivered once and in order, and nothing else', met: faults.length === 0 },
    {
      what: 'what is refused is 429 or 503 and says when to come back',
      met: strange.length === 0 && figures.withoutRetryAfter === 0,
    },
    { what: 'what is too much is refused', met: Object.keys(refused).length > 0 },
    { what: `p99 of accepted ${acceptedMs.p99.toFixed(0)} ms < 500 ms`, met: acceptedMs.p99 < MAX_ACCEPTED_P99_MS },
    { what: `as before ${after ?? '—'} ms after it`, met: after !== null && after <= MAX_NORMAL_AFTER_MS },
  ];
}

/** When the first slice began from which on all are as before: nothing is refused, and answers take as long. */
function normalAfterMs({ before, after }: FloodRecord): number | null {
  const usual = Math.max(...before.map((slice) => p99Of(slice)));
  const isNormal = (slice: FloodReport): boolean =>
    Object.keys(slice.refused).length === 0 &&
    slice.unsent === 0 &&
    p99Of(slice) <= Math.max(QUICK_MS, AS_BEFORE * usual);
  const slices = after.findLastIndex((slice) => !isNormal(slice)) + 1;
  return slices === after.length ? null : slices * SLICE_MS;
}

function p99Of({ acceptedMicros }: FloodReport): number {
  return spreadOf([acceptedMicros]).p99;
}

function spreadOf(histograms: readonly HistogramData[]): Spread {
  const all = new Histogram();
  for (const histogram of histograms) all.add(histogram);
  return { p50: all.quantile(0.5) / 1_000, p99: all.quantile(0.99) / 1_000, max: all.max / 1_000 };
}

function spreadOfMs(milliseconds: readonly number[]): Spread {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
