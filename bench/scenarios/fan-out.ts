import { ONE_TOPIC, type Layout } from '../layout.js';
import { MAX_P99_MS, TEN_THOUSAND, TEN_THOUSAND_MAX_P99_MS, type Plan, type ScenarioName } from '../plan.js';
import { bestSaturated, searchWindow } from './saturation.js';
import type { Scenario } from './scenario.js';

/** Requests in flight while a server warms up: about as many as count, or the first windows are judged by a compiler at work. */
const WARM_UP_LANES = 32;

interface FanOut {
  readonly layout: Layout;
  readonly readers: (plan: Plan) => number;
  readonly maxP99Ms: number;
  /** Requests in flight at first, and at most; `factor`: to the next, where that is not the plan's. */
  readonly windows: { readonly from: number; readonly to: number; readonly factor?: number };
}

const ONE_POST: FanOut['windows'] = { from: 1, to: 128 };

const oneTopic: FanOut = {
  layout: ONE_TOPIC,
  readers: ({ subscribers }) => subscribers,
  maxP99Ms: MAX_P99_MS,
  windows: ONE_POST,
};
const tenThousandReaders: FanOut = {
  layout: ONE_TOPIC,
  readers: () => TEN_THOUSAND,
  maxP99Ms: TEN_THOUSAND_MAX_P99_MS,
  windows: { ...ONE_POST, factor: 4 },
};
/** Each notification has a tenth of the subscribers: more of them fit into the same latency. */
const threeOfThirty: FanOut = {
  ...oneTopic,
  layout: { payloadBytes: 200, topics: 30, topicsPerReader: 3 },
  windows: { from: 4, to: 1_000, factor: 4 },
};
const oneKilobyte: FanOut = {
  ...oneTopic,
  layout: { ...ONE_TOPIC, payloadBytes: 1_000 },
  windows: { ...ONE_POST, factor: 4 },
};

const count = (value: number): string => value.toLocaleString('en');

export const fanOut = saturated(
  'fan-out',
  oneTopic,
  (readers) => `Saturated: one topic, ${readers} subscribers, 200 bytes`,
);
export const tenThousand = saturated(
  'ten-thousand',
  tenThousandReaders,
  (readers) => `Saturated: one topic, ${readers} subscribers, 200 bytes`,
);
export const topics30 = saturated(
  'topics30',
  threeOfThirty,
  (readers) => `Saturated: 30 topics, each of ${readers} subscribers on 3 of them, 200 bytes`,
);
export const payload1k = saturated(
  'payload1k',
  oneKilobyte,
  (readers) => `Saturated: one topic, ${readers} subscribers, 1,000 bytes`,
);

/** The highest rate of deliveries at which their latency keeps the limit. */
function saturated(name: ScenarioName, fan: FanOut, title: (readers: string) => string): Scenario {
  return {
    name,
    measures: ['saturatedRate', 'saturatedP99Ms', 'saturatedCpu', 'saturatedWindow'],
    title: (plan) => `${title(count(fan.readers(plan)))}; counts with p99 ≤ ${fan.maxP99Ms} ms`,
    async play(stage, plan) {
      const { durationMs, factor } = plan.saturation;
      const { publish } = await stage.seat(fan.readers(plan), fan.layout);
      await stage.attempt(publish, { kind: 'closed', lanes: WARM_UP_LANES, durationMs: plan.warmUpMs });
      const attempt = (lanes: number) => stage.attempt(publish, { kind: 'closed', lanes, durationMs });
      const runs = await searchWindow(attempt, { factor, ...fan.windows }, fan.maxP99Ms);
      const best = bestSaturated(runs, fan.maxP99Ms);
      if (best === null) throw new Error('no run was complete and in order');
      return {
        figures: {
          saturatedRate: best.deliveriesPerSecond,
          saturatedP99Ms: best.latency.p99,
          saturatedCpu: best.serverCpuSecondsPerMillion,
          saturatedWindow: best.way.window,
        },
        runs,
      };
    },
  };
}
