import { setTimeout as delay } from 'node:timers/promises';
import { CommandedProcess } from './child-process.js';
import type { PublishCommand } from './messages.js';
import type { Plan } from './plan.js';
import { ReaderFleet } from './reader-fleet.js';
import { InvalidRun, run, type Cast, type RunResult } from './run.js';
import { ServerProcess } from './server-process.js';
import type { Subject } from './subjects.js';

/** Connections made and closed before the empty server's memory is taken, so that what the first ones load is not counted. */
const FIRST_CONNECTIONS = 20;
/**
 * Lanes of the fixed-rate load: enough that it hardly waits for an answer, few enough that each is used before a server closes it for
 * being idle. What waits nevertheless is counted from when it was due.
 */
const OPEN_LOOP_LANES = 16;

/** The figures of one subject in one repetition. */
export interface Figures {
  readonly emptyServerBytes: number;
  readonly bytesPerIdleConnection: number;
  /** At a fixed rate, open loop. */
  readonly fixedRate: RunResult;
  /** One for each window that gave a figure. */
  readonly saturated: readonly RunResult[];
  /** Windows at which deliveries were not complete and in order, and what was wrong. */
  readonly invalid: readonly { readonly window: number; readonly reason: string }[];
  /** With a single reader. */
  readonly publishing: RunResult;
}

/**
 * Starts the subject's server, measures it, and ends everything that was started.
 * @throws {Error} when the server does not start, or a run is not valid.
 */
export async function measure(subject: Subject, plan: Plan): Promise<Figures> {
  const server = await ServerProcess.start(subject.program);
  const readers = new ReaderFleet();
  const publisher = new CommandedProcess<PublishCommand>('publisher-process');
  try {
    return await figures({ server, readers, publisher, doors: await subject.doors(server.port) }, plan);
  } finally {
    await Promise.all([readers.stop(), publisher.stop()]);
    await server.stop();
  }
}

async function figures(cast: Cast, plan: Plan): Promise<Figures> {
  const idle = await idleMemory(cast, plan);
  await reopen(cast, plan.subscribers);
  await run(cast, { kind: 'closed', lanes: 1, durationMs: plan.warmUpMs });
  const fixedRate = await run(cast, { kind: 'open', lanes: OPEN_LOOP_LANES, ...plan.latency });
  const saturation = await saturate(cast, plan);
  await reopen(cast, 1);
  const publishing = await run(cast, {
    kind: 'closed',
    lanes: plan.publishing.window,
    durationMs: plan.publishing.durationMs,
  });
  return { ...idle, fixedRate, ...saturation, publishing };
}

async function saturate(cast: Cast, plan: Plan): Promise<Pick<Figures, 'saturated' | 'invalid'>> {
  const saturated: RunResult[] = [];
  const invalid: { window: number; reason: string }[] = [];
  for (const lanes of plan.saturation.windows) {
    try {
      saturated.push(await run(cast, { kind: 'closed', lanes, durationMs: plan.saturation.durationMs }));
    } catch (error) {
      if (!(error instanceof InvalidRun)) throw error;
      invalid.push({ window: lanes, reason: error.message });
      await reopen(cast, plan.subscribers);
    }
  }
  return { saturated, invalid };
}

async function idleMemory(
  cast: Cast,
  plan: Plan,
): Promise<Pick<Figures, 'emptyServerBytes' | 'bytesPerIdleConnection'>> {
  await cast.readers.open(cast.doors.read, FIRST_CONNECTIONS);
  await cast.readers.close();
  await delay(plan.settleMs);
  const empty = cast.server.usage().residentBytes;
  await cast.readers.open(cast.doors.read, plan.idleConnections);
  await delay(plan.settleMs);
  const full = cast.server.usage().residentBytes;
  return { emptyServerBytes: empty, bytesPerIdleConnection: (full - empty) / plan.idleConnections };
}

async function reopen(cast: Cast, count: number): Promise<void> {
  await cast.readers.close();
  await cast.readers.open(cast.doors.read, count);
}
