import { availableParallelism } from 'node:os';
import type { CommandedProcess } from './child-process.js';
import { Histogram } from './histogram.js';
import {
  publishReportSchema,
  type Load,
  type PublishCommand,
  type PublishReport,
  type PublishTarget,
} from './messages.js';
import { machineBusySeconds } from './process-usage.js';
import type { FleetReport, ReaderFleet } from './reader-fleet.js';
import type { ServerProcess } from './server-process.js';

/** How long the last deliveries may take after the last answer. */
const LAST_DELIVERIES_MS = 30_000;
/** A generating process that is busier than this share of a core may be what limits the figure. */
const BUSY = 0.9;

/** Percentiles of a duration, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How a load is published. */
export interface Way {
  readonly protocol: PublishTarget['protocol'];
  /** Messages that one request carried. */
  readonly batch: number;
  /** Requests in flight at most. */
  readonly window: number;
  /** Messages due in a second whatever the server does (open loop); null: the next one is sent when the one before is answered. */
  readonly perSecond: number | null;
}

/** What one load on one server came to. All of it was delivered, completely and in order, or there is no such record. */
export interface RunResult {
  /** How it was published. */
  readonly way: Way;
  readonly publishes: number;
  readonly publishesPerSecond: number;
  readonly deliveries: number;
  /** From the first scheduled sending to the last delivery. */
  readonly deliveriesPerSecond: number;
  readonly serverCpuSecondsPerMillion: number;
  /** Of one core; above 1 with several threads. */
  readonly serverCpuShare: number;
  /** From the scheduled sending to each delivery. */
  readonly latency: Latency;
  /** From the scheduled sending to the publisher's answer. */
  readonly answer: Latency;
  /** What of ours besides the server may have limited the run; empty: nothing that was seen. */
  readonly limits: readonly Limit[];
  /** What processes that have nothing to do with the bench used meanwhile, of all cores. */
  readonly disturbance: number;
}

/** Something of the bench besides the server that was busy. */
export interface Limit {
  /** Whose share of what. */
  readonly what: string;
  /** 0–1. */
  readonly share: number;
}

/** What takes part in a run. */
export interface Cast {
  readonly server: ServerProcess;
  readonly readers: ReaderFleet;
  readonly publisher: CommandedProcess<PublishCommand>;
}

/** Readers missed something, or got it twice or in another order: there is no figure. */
export class InvalidRun extends Error {
  override readonly name = 'InvalidRun';
  /** One of what was wrong: with a thousand readers it is the same many times. */
  readonly firstFault: string;

  constructor(faults: readonly string[]) {
    super(faults.join('; '));
    this.firstFault = faults[0] ?? '';
  }
}

/**
 * Publishes a load and waits until every open reader has everything.
 * @throws {InvalidRun} when one of them has not, or not in order.
 * @throws {Error} when a publish is refused, or a process ends.
 */
export async function run(cast: Cast, target: PublishTarget, load: Load): Promise<RunResult> {
  await cast.readers.begin(load.lanes);
  const cpuBefore = cpuOf(cast.server);
  const published = await cast.publisher.call({ command: 'publish', target, load }, publishReportSchema);
  const read = await cast.readers.finish(published.sent, LAST_DELIVERIES_MS);
  const cpuAfter = cpuOf(cast.server);
  if (read.faults.length > 0) throw new InvalidRun(read.faults);
  const cpu = { server: cpuAfter.server - cpuBefore.server, machine: cpuAfter.machine - cpuBefore.machine };
  const way: Way = {
    protocol: target.protocol,
    batch: target.batch.size,
    window: load.lanes,
    perSecond: load.kind === 'open' ? load.perSecond : null,
  };
  return summarise(way, published, read, cpu);
}

/** CPU seconds of the server, and of everything on this machine, the server and the generator included. */
interface CpuSeconds {
  readonly server: number;
  readonly machine: number;
}

function cpuOf(server: ServerProcess): CpuSeconds {
  return { server: server.usage().cpuSeconds, machine: machineBusySeconds() };
}

function summarise(way: Way, published: PublishReport, read: FleetReport, cpu: CpuSeconds): RunResult {
  const publishes = published.sent.reduce((sum, count) => sum + count, 0);
  const seconds = (read.lastAtMicros - published.firstAtMicros) / 1_000_000;
  const answers = new Histogram();
  answers.add(published.latency);
  return {
    way,
    publishes,
    publishesPerSecond: (publishes / (published.lastAtMicros - published.firstAtMicros)) * 1_000_000,
    deliveries: read.deliveries,
    deliveriesPerSecond: read.deliveries / seconds,
    serverCpuSecondsPerMillion: (cpu.server / read.deliveries) * 1_000_000,
    serverCpuShare: cpu.server / seconds,
    latency: latencyOf(read.latency),
    answer: latencyOf(answers),
    ...generatorOf(published, read, cpu, seconds),
  };
}

function latencyOf(histogram: Histogram): Latency {
  return { p50: histogram.quantile(0.5) / 1_000, p99: histogram.quantile(0.99) / 1_000, max: histogram.max / 1_000 };
}

function generatorOf(
  published: PublishReport,
  read: FleetReport,
  cpu: CpuSeconds,
  seconds: number,
): Pick<RunResult, 'limits' | 'disturbance'> {
  const cores = availableParallelism();
  const shareOf = (micros: number): number => micros / 1_000_000 / seconds;
  const readers = shareOf(Math.max(...read.cpuMicros));
  const publisher = shareOf(published.cpuMicros);
  const ours = cpu.server / seconds + read.cpuMicros.reduce((sum, micros) => sum + shareOf(micros), publisher);
  const limits = [
    ...(readers > BUSY ? [{ what: 'readers, of a core', share: readers }] : []),
    ...(publisher > BUSY ? [{ what: 'publisher, of a core', share: publisher }] : []),
    ...(ours > BUSY * cores ? [{ what: 'server and generator, of all cores', share: ours / cores }] : []),
  ];
  return { limits, disturbance: Math.min(1, Math.max(0, cpu.machine / seconds - ours) / cores) };
}
