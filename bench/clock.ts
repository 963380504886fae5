/**
 * Microseconds since the machine started: one clock for all processes, not moved when the time of day is set. Only differences
 * mean anything.
 */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
