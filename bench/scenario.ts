import { setTimeout as delay } from 'node:timers/promises';
import { CommandedProcess } from './child-process.js';
import type { PublishCommand } from './messages.js';
import type { Plan } from './plan.js';
import { ReaderFleet } from './reader-fleet.js';
import { run, type Cast, type RunResult } from './run.js';
import { ServerProcess } from './server-process.js';
import type { Subject } from './subjects.js';

/** Connections made and closed before the empty server's memory is taken, so that what the first ones load is not counted. */
const FIRST_CONNECTIONS = 20;
/** Lanes of the fixed-rate load: far more than it needs, so that it never waits for an answer. */
const OPEN_LOOP_LANES = 64;

/** The figures of one subject in one repetition. */
export interface Figures {
  readonly emptyServerBytes: number;
  readonly bytesPerIdleConnection: number;
  /** At a fixed rate, open loop. */
  readonly fixedRate: RunResult;
  /** One for each window. */
  readonly saturated: readonly RunResult[];
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
  const saturated: RunResult[] = [];
  for (const lanes of plan.saturation.windows) {
    saturated.push(await run(cast, { kind: 'closed', lanes, durationMs: plan.saturation.durationMs }));
  }
  await reopen(cast, 1);
  const publishing = await run(cast, {
    kind: 'closed',
    lanes: plan.publishing.window,
    durationMs: plan.publishing.durationMs,
  });
  return { ...idle, fixedRate, saturated, publishing };
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
