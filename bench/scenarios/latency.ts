import type { Figures } from '../measures.js';
import { ONE_TOPIC } from '../layout.js';
import type { PublishTarget } from '../messages.js';
import type { Plan } from '../plan.js';
import type { RunResult } from '../run.js';
import type { Scenario } from './scenario.js';
import type { Stage } from './stage.js';

/**
 * Lanes at 10/s: enough that a publish hardly waits for an answer, few enough that each is used before a server closes it for being
 * idle. What waits nevertheless is counted from when it was due.
 */
const FEW_LANES = 16;
/** Lanes at 400/s: a server may be 160 ms behind before any publish waits for a lane. */
const MANY_LANES = 64;

/** Publishes are due at a fixed rate whatever the server does, and latency counts from then. */
export const latency: Scenario = {
  name: 'latency',
  measures: ['fixedP50Ms', 'fixedP99Ms', 'fixedCpu', 'strainP50Ms', 'strainP99Ms'],
  title: ({ subscribers }) => `Latency: fixed rates to ${subscribers.toLocaleString('en')} subscribers of one topic`,
  async play(stage, plan) {
    const doors = await stage.seat(plan.subscribers, ONE_TOPIC);
    await stage.attempt(doors.publish, { kind: 'closed', lanes: 1, durationMs: plan.warmUpMs });
    const fixed = await stage.run(doors.publish, { kind: 'open', lanes: FEW_LANES, ...plan.latency });
    const strain = await strainOf(stage, doors.publish, plan);
    return {
      figures: {
        fixedP50Ms: fixed.latency.p50,
        fixedP99Ms: fixed.latency.p99,
        fixedCpu: fixed.serverCpuSecondsPerMillion,
        ...strainFigures(strain),
      },
      runs: [fixed, ...(strain === null ? [] : [strain])],
    };
  },
};

async function strainOf(stage: Stage, target: PublishTarget, { strain }: Plan): Promise<RunResult | null> {
  return strain === null ? null : stage.attempt(target, { kind: 'open', lanes: MANY_LANES, ...strain });
}

function strainFigures(strain: RunResult | null): Figures {
  return strain === null ? {} : { strainP50Ms: strain.latency.p50, strainP99Ms: strain.latency.p99 };
}
