import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CommandedProcess } from '../child-process.js';
import { API_KEY, clarionProgram, mintToken } from '../clarion.js';
import { ServerProcess } from '../server-process.js';
import type { FloodCommand } from './flood-messages.js';
import { floodReportSchema, type FloodReport } from './flood-tally.js';

/** How large the flood is. */
export interface FloodPlan {
  /** Kept connections, each with at most one publish in flight. */
  readonly connections: number;
  /** How many times what the server can take is offered. */
  readonly factor: number;
  readonly durationMs: number;
  /** How long its capacity is measured before, by a closed loop. */
  readonly capacityMs: number;
}

/** Who publishes, and hears what was published. */
export interface FloodCrew {
  /** Accepted publishes a second of so many connections in a closed loop. */
  capacity(window: number, durationMs: number): Promise<number>;
  flood(perSecond: number, durationMs: number): Promise<FloodReport>;
  /** What is wrong with what was heard of all that was accepted so far. */
  faults(timeoutMs: number): Promise<string[]>;
}

/** What was seen of one flood, before anything is judged. */
export interface FloodRecord {
  readonly capacityPerSecond: number;
  /** Slices of a quarter of a second at a tenth of the capacity, before the flood and after it. */
  readonly before: readonly FloodReport[];
  readonly flood: FloodReport;
  readonly after: readonly FloodReport[];
  /** Answer times of `/health/ready` meanwhile, milliseconds; a probe that failed is `Infinity`. */
  readonly healthMs: readonly number[];
  readonly faults: readonly string[];
}

/** Requests in flight when the capacity is measured: enough that commits are shared, and few enough that nothing waits. */
const WINDOW = 64;
const WARM_UP_MS = 1_000;
export const SLICE_MS = 250;
const CALM_SHARE = 0.1;
const BEFORE_SLICES = 4;
/** Five seconds: what the issue allows until all is as before. */
const AFTER_SLICES = 20;
const HEALTH_EVERY_MS = 100;
const DELIVERED_WITHIN_MS = 30_000;

/** Against a server of its own, published by a process of its own. */
export async function flood(plan: FloodPlan): Promise<FloodRecord> {
  const server = await ServerProcess.start(clarionProgram());
  const publisher = new CommandedProcess<FloodCommand>('flood-process');
  try {
    const token = await mintToken(server.port, 'flood-reader', ['flood/*']);
    const target = { port: server.port, apiKey: API_KEY, token, connections: plan.connections };
    await publisher.call({ command: 'gather', target }, z.null());
    return await play(remote(publisher), server.port, plan);
  } finally {
    await publisher.stop();
    await server.stop();
  }
}

/** Measures what the server can take, offers it more, and sees how it is afterwards. */
export async function play(crew: FloodCrew, port: number, plan: FloodPlan): Promise<FloodRecord> {
  await crew.capacity(WINDOW, WARM_UP_MS);
  const capacityPerSecond = await crew.capacity(WINDOW, plan.capacityMs);
  const calm = (slices: number): Promise<FloodReport[]> => slicesOf(crew, capacityPerSecond * CALM_SHARE, slices);
  const before = await calm(BEFORE_SLICES);
  const over = new AbortController();
  const health = watchHealth(port, over.signal);
  const report = await crew.flood(capacityPerSecond * plan.factor, plan.durationMs);
  over.abort();
  const after = await calm(AFTER_SLICES);
  const faults = await crew.faults(DELIVERED_WITHIN_MS);
  return { capacityPerSecond, before, flood: report, after, healthMs: await health, faults };
}

async function slicesOf(crew: FloodCrew, perSecond: number, count: number): Promise<FloodReport[]> {
  const slices: FloodReport[] = [];
  for (let i = 0; i < count; i++) slices.push(await crew.flood(perSecond, SLICE_MS));
  return slices;
}

async function watchHealth(port: number, over: AbortSignal): Promise<number[]> {
  const answers: number[] = [];
  while (!over.aborted) {
    const from = performance.now();
    const { ok } = await fetch(`http://127.0.0.1:${port}/health/ready`);
    answers.push(ok ? performance.now() - from : Infinity);
    await delay(HEALTH_EVERY_MS);
  }
  return answers;
}

function remote(publisher: CommandedProcess<FloodCommand>): FloodCrew {
  return {
    capacity: (window, durationMs) => publisher.call({ command: 'capacity', window, durationMs }, z.number()),
    flood: (perSecond, durationMs) => publisher.call({ command: 'flood', perSecond, durationMs }, floodReportSchema),
    faults: (timeoutMs) => publisher.call({ command: 'faults', timeoutMs }, z.array(z.string())),
  };
}
