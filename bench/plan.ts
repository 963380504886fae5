/** What can be measured of a server, in the order in which it is: memory first, while the server is fresh, and last what may be too much for it. */
export const SCENARIO_NAMES = [
  'idle',
  'ten-thousand',
  'latency',
  'fan-out',
  'payload1k',
  'topics30',
  'topics5000',
  'publishing',
  'strain',
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** What is measured of Clarion alone, once: it has nothing to be compared with in the same run. */
export const SOLO_NAMES = ['store', 'storm'] as const;
export type SoloName = (typeof SOLO_NAMES)[number];

/**
 * How many requests are in flight at most in a saturated run: upwards from `from` by `factor`, as long as the latency limit is kept, and
 * at most `to`.
 */
export interface WindowRange {
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

/** How much is measured. Durations in milliseconds. */
export interface Plan {
  readonly name: 'quick' | 'full';
  /** Rounds over all servers; each figure is the median over them. */
  readonly repetitions: number;
  readonly scenarios: readonly ScenarioName[];
  readonly solos: readonly SoloName[];
  /** Readers where nothing else is said. */
  readonly subscribers: number;
  /** Connections for the memory of an idle one. */
  readonly idleConnections: number;
  readonly settleMs: number;
  readonly warmUpMs: number;
  /** Open loop. */
  readonly latency: { readonly perSecond: number; readonly durationMs: number };
  /** Open loop, at a rate that stock servers cannot keep up with. */
  readonly strain: { readonly perSecond: number; readonly durationMs: number };
  /** Of one saturated run, and how the next window follows from the one before. */
  readonly saturation: { readonly durationMs: number; readonly factor: number };
  readonly publishing: { readonly window: number; readonly durationMs: number };
  /** Of the log alone: `aloneMs` with an append now and then, `durationMs` with many in flight. */
  readonly store: { readonly window: number; readonly durationMs: number; readonly aloneMs: number };
}

export const QUICK: Plan = {
  name: 'quick',
  repetitions: 1,
  scenarios: ['idle', 'latency', 'fan-out', 'publishing'],
  solos: ['store'],
  subscribers: 1_000,
  idleConnections: 1_000,
  settleMs: 200,
  warmUpMs: 200,
  latency: { perSecond: 10, durationMs: 1_500 },
  strain: { perSecond: 400, durationMs: 1_000 },
  saturation: { durationMs: 400, factor: 4 },
  publishing: { window: 64, durationMs: 400 },
  store: { window: 256, durationMs: 1_000, aloneMs: 1_000 },
};

export const FULL: Plan = {
  name: 'full',
  repetitions: 3,
  scenarios: SCENARIO_NAMES,
  solos: SOLO_NAMES,
  subscribers: 1_000,
  idleConnections: 10_000,
  settleMs: 5_000,
  warmUpMs: 1_500,
  latency: { perSecond: 10, durationMs: 4_000 },
  strain: { perSecond: 400, durationMs: 1_500 },
  saturation: { durationMs: 800, factor: 2 },
  publishing: { window: 64, durationMs: 1_500 },
  store: { window: 256, durationMs: 4_000, aloneMs: 6_000 },
};

/** A figure of one topic with this many readers counts only if the 99th percentile of the delivery latency stays within the limit, in milliseconds. */
export const MAX_P99_MS = 50;
export const TEN_THOUSAND = 10_000;
export const TEN_THOUSAND_MAX_P99_MS = 200;
