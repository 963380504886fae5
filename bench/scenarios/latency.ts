import { ONE_TOPIC } from '../layout.js';
import type { Scenario } from './scenario.js';

/**
 * Lanes at 10/s: enough that a publish hardly waits for an answer, few enough that each is used before a server closes it for being
 * idle. What waits nevertheless is counted from when it was due.
 */
const FEW_LANES = 16;
/** Lanes at 400/s: a server may be 160 ms behind before any publish waits for a lane. */
const MANY_LANES = 64;

const count = (value: number): string => value.toLocaleString('en');

/** Publishes are due at a low rate whatever the server does, and latency counts from then. */
export const latency: Scenario = {
  name: 'latency',
  measures: ['fixedP50Ms', 'fixedP99Ms', 'fixedCpu'],
  title: (plan) => `Latency: ${plan.latency.perSecond}/s to ${count(plan.subscribers)} subscribers of one topic`,
  async play(stage, plan) {
    const { publish } = await stage.seat(plan.subscribers, ONE_TOPIC);
    await stage.attempt(publish, { kind: 'closed', lanes: 1, durationMs: plan.warmUpMs });
    const run = await stage.run(publish, { kind: 'open', lanes: FEW_LANES, ...plan.latency });
    const { p50, p99 } = run.latency;
    return { figures: { fixedP50Ms: p50, fixedP99Ms: p99, fixedCpu: run.serverCpuSecondsPerMillion }, runs: [run] };
  },
};

/** The same at a rate that not every server keeps up with. */
export const strain: Scenario = {
  name: 'strain',
  measures: ['strainP50Ms', 'strainP99Ms', 'strainCpu'],
  title: (plan) => `Latency: ${plan.strain.perSecond}/s to ${count(plan.subscribers)} subscribers of one topic`,
  async play(stage, plan) {
    const { publish } = await stage.seat(plan.subscribers, ONE_TOPIC);
    await stage.attempt(publish, { kind: 'closed', lanes: 1, durationMs: plan.warmUpMs });
    const run = await stage.run(publish, { kind: 'open', lanes: MANY_LANES, ...plan.strain });
    const { p50, p99 } = run.latency;
    return { figures: { strainP50Ms: p50, strainP99Ms: p99, strainCpu: run.serverCpuSecondsPerMillion }, runs: [run] };
  },
};
