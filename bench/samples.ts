import type { Outcome } from './outcome.js';
import type { RunResult } from './run.js';

/** What specs judge: an outcome that has nothing to tell but these facts. */
export function sampleOutcome(facts: Partial<Outcome> = {}): Outcome {
  return {
    scenario: 'fan-out',
    server: 'S',
    transport: 'sse',
    repetition: 1,
    figures: {},
    runs: [],
    faults: [],
    error: null,
    ...facts,
  };
}

/** A run of one delivery, but for these facts. */
export function sampleRun(facts: Partial<RunResult> = {}): RunResult {
  const latency = { p50: 1, p99: 10, max: 20 };
  return {
    way: { protocol: 'http', batch: 1, window: 1, perSecond: null },
    publishes: 1,
    publishesPerSecond: 1,
    deliveries: 1,
    deliveriesPerSecond: 1_000,
    serverCpuSecondsPerMillion: 1,
    serverCpuShare: 1,
    latency,
    answer: latency,
    limits: [],
    disturbance: 0,
    ...facts,
  };
}
