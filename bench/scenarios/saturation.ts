import type { WindowRange } from '../plan.js';
import type { RunResult } from '../run.js';

/** From here on a higher window cannot keep the limit either, and one run is enough to know. */
const CLEARLY_BEYOND = 2;

/**
 * Looks for the highest rate whose delivery latency keeps the limit, in the same way for every server: goes up until two windows in a
 * row miss the limit, one misses it by far, or one loses messages; then tries the middle between the last window that kept it and the next one tried.
 * @param attempt runs with so many requests in flight; null: not complete and in order.
 */
export async function searchWindow(
  attempt: (window: number) => Promise<RunResult | null>,
  { from, to, factor }: WindowRange,
  maxP99Ms: number,
): Promise<RunResult[]> {
  const runs: RunResult[] = [];
  const keeps = async (window: number): Promise<'kept' | 'missed' | 'hopeless'> => {
    const run = await attempt(window);
    if (run !== null) runs.push(run);
    if (run === null || run.latency.p99 > CLEARLY_BEYOND * maxP99Ms) return 'hopeless';
    return run.latency.p99 <= maxP99Ms ? 'kept' : 'missed';
  };
  let highestKept = 0;
  let lowestMissed = Infinity;
  for (let window = from, misses = 0; window <= to && misses < 2; window *= factor) {
    const result = await keeps(window);
    misses = result === 'kept' ? 0 : misses + 1;
    if (result === 'kept') [highestKept, lowestMissed] = [window, Infinity];
    else lowestMissed = Math.min(lowestMissed, window);
    if (result === 'hopeless') break;
  }
  const middle = Math.round(Math.sqrt(highestKept * lowestMissed));
  if (highestKept > 0 && middle > highestKept && middle < lowestMissed) await keeps(middle);
  return runs;
}

/** The fastest run that kept the latency limit; if none did, the one with the lowest p99. Null when there was none. */
export function bestSaturated(runs: readonly RunResult[], maxP99Ms: number): RunResult | null {
  const counting = runs.filter((run) => run.latency.p99 <= maxP99Ms);
  if (counting.length > 0) return counting.reduce((a, b) => (b.deliveriesPerSecond > a.deliveriesPerSecond ? b : a));
  return runs.reduce<RunResult | null>((a, b) => (a === null || b.latency.p99 < a.latency.p99 ? b : a), null);
}
