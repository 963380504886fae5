/** How much is measured. Durations in milliseconds. */
export interface Plan {
  readonly name: 'quick' | 'full';
  /** Rounds over all servers; each figure is the median over them. */
  readonly repetitions: number;
  readonly subscribers: number;
  /** Connections for the memory of an idle one. */
  readonly idleConnections: number;
  readonly settleMs: number;
  readonly warmUpMs: number;
  readonly latency: { readonly perSecond: number; readonly durationMs: number };
  /** How many POSTs are in flight, one after another; the best that keeps the latency limit counts. */
  readonly saturation: { readonly windows: readonly number[]; readonly durationMs: number };
  readonly publishing: { readonly window: number; readonly durationMs: number };
}

/** A saturated figure counts only if the 99th percentile of the delivery latency stays below this, in milliseconds. */
export const MAX_SATURATED_P99_MS = 50;

export const QUICK: Plan = {
  name: 'quick',
  repetitions: 1,
  subscribers: 1_000,
  idleConnections: 1_000,
  settleMs: 1_000,
  warmUpMs: 500,
  latency: { perSecond: 10, durationMs: 3_000 },
  saturation: { windows: [1, 16], durationMs: 1_500 },
  publishing: { window: 64, durationMs: 1_000 },
};

export const FULL: Plan = {
  name: 'full',
  repetitions: 3,
  subscribers: 1_000,
  idleConnections: 5_000,
  settleMs: 3_000,
  warmUpMs: 2_000,
  latency: { perSecond: 10, durationMs: 20_000 },
  saturation: { windows: [1, 4, 16, 64], durationMs: 5_000 },
  publishing: { window: 64, durationMs: 5_000 },
};
