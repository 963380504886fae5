import type { Figures } from '../measures.js';
import type { Layout } from '../layout.js';
import type { PublishTarget } from '../messages.js';
import { MAX_P99_MS, type Plan } from '../plan.js';
import type { RunResult } from '../run.js';
import { bestSaturated, searchWindow } from './saturation.js';
import type { Scenario } from './scenario.js';
import type { Stage } from './stage.js';

const TOPICS = 5_000;
const LAYOUT: Layout = { payloadBytes: 200, topics: TOPICS, topicsPerReader: 1 };
/** Requests in flight, where each carries one message, and where it carries a batch. */
const SINGLES = { from: 64, to: 256 };
const BATCHES = { from: 2, to: 8 };

type Way = 'single' | 'batch' | 'kept';

/** From the publisher to the one subscriber of each topic: nothing is shared, so that it costs what a publish costs. */
export const topics5000: Scenario = {
  name: 'topics5000',
  measures: [
    'singleRate',
    'singleP99Ms',
    'singleCpu',
    'batchRate',
    'batchP99Ms',
    'batchCpu',
    'keptRate',
    'keptP99Ms',
    'keptCpu',
  ],
  title: () =>
    `${TOPICS.toLocaleString('en')} topics with one subscriber each, end to end, by single POSTs, batches, and over a kept connection; counts with p99 ≤ ${MAX_P99_MS} ms`,
  async play(stage, plan) {
    const { publish, batch, kept } = await stage.seat(TOPICS, LAYOUT);
    await stage.attempt(publish, { kind: 'closed', lanes: SINGLES.from, durationMs: plan.warmUpMs });
    const single = await saturate(stage, plan, publish, SINGLES);
    const batches = batch === null ? [] : await saturate(stage, plan, batch, BATCHES);
    const overKept = kept === null ? [] : await saturate(stage, plan, kept, SINGLES);
    return {
      figures: { ...figuresOf('single', single), ...figuresOf('batch', batches), ...figuresOf('kept', overKept) },
      runs: [...single, ...batches, ...overKept],
    };
  },
};

function saturate(
  stage: Stage,
  { saturation }: Plan,
  target: PublishTarget,
  windows: { readonly from: number; readonly to: number },
): Promise<RunResult[]> {
  const { durationMs } = saturation;
  const attempt = (lanes: number) => stage.attempt(target, { kind: 'closed', lanes, durationMs });
  return searchWindow(attempt, { ...windows, factor: 4 }, MAX_P99_MS);
}

function figuresOf(way: Way, runs: readonly RunResult[]): Figures {
  const best = bestSaturated(runs, MAX_P99_MS);
  if (best === null) return {};
  return {
    [`${way}Rate`]: best.deliveriesPerSecond,
    [`${way}P99Ms`]: best.latency.p99,
    [`${way}Cpu`]: best.serverCpuSecondsPerMillion,
  };
}
