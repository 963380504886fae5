import { availableParallelism } from 'node:os';
import { Histogram, type HistogramData } from '../histogram.js';
import type { CrowdReport, TransportReport } from './crowd.js';
import { TRANSPORTS, type Transport } from './storm-client.js';
import type { StormRecord } from './storm.js';

/** Percentiles of a duration, in milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How the clients of one transport, or all, came back. */
export interface ReturnLine {
  readonly transport: Transport | 'all';
  readonly clients: number;
  /** Clients that have everything. */
  readonly complete: number;
  /** From the beginning of the return to `ready`; of long polls, to the first answer. */
  readonly readyMs: Spread;
  /** From the beginning of the return to the last notification that was missing. */
  readonly completeMs: Spread;
  /** Connections that broke on the way and were made again. */
  readonly retries: number;
}

/** Resident memory of the server, MiB. */
export interface ResidentMiB {
  /** With everybody connected and idle, before the storm. */
  readonly gathered: number;
  /** Of the new server, to which nobody has returned yet. */
  readonly before: number;
  readonly after: number;
  /** With everybody connected and idle, after the storm. */
  readonly settled: number;
  /** Of `settled`, the recent events that are kept on purpose. */
  readonly ring: number;
}

/** What one storm came to. */
export interface StormFigures {
  readonly lines: readonly ReturnLine[];
  readonly faults: Readonly<Record<string, number>>;
  readonly retryReasons: Readonly<Record<string, number>>;
  readonly restartMs: number;
  readonly returnMs: number;
  /** Pages that the server read from its log for the clients. */
  readonly logReads: number;
  readonly deliveries: Readonly<Record<string, number>>;
  /** Event-loop delay of the server from the beginning of the return to its end, milliseconds. */
  readonly loopDelayMs: Spread;
  readonly serverCpuSeconds: number;
  readonly residentMiB: ResidentMiB;
  readonly foreign: { readonly publishes: number; readonly perSecond: number; readonly answerMs: Spread };
  readonly listenOverflows: number;
  /** Shares of the whole machine during the return. */
  readonly machine: { readonly server: number; readonly clients: number; readonly others: number };
}

/** What the issue asks of ten thousand connections on two cores. */
const TARGETS = { returnMs: 30_000, logReads: 10, loopDelayP99Ms: 250, settledShare: 1.25 } as const;
const MIB = 2 ** 20;

export interface Target {
  readonly what: string;
  readonly met: boolean;
}

export function figuresOf(record: StormRecord): StormFigures {
  const { before, after, published, crowds } = record;
  const publishes = published.sent.reduce((sum, count) => sum + count, 0);
  return {
    lines: linesOf(crowds),
    faults: added(crowds.map(({ faults }) => faults)),
    retryReasons: added(crowds.map(({ retryReasons }) => retryReasons)),
    restartMs: record.restartMs,
    returnMs: record.returnMs,
    logReads: after.metrics.logReads - before.metrics.logReads,
    deliveries: subtracted(after.metrics.deliveries, before.metrics.deliveries),
    loopDelayMs: after.metrics.loopDelay,
    serverCpuSeconds: after.server.cpuSeconds - before.server.cpuSeconds,
    residentMiB: memoryOf(record),
    foreign: {
      publishes,
      perSecond: (publishes / (published.lastAtMicros - published.firstAtMicros)) * 1_000_000,
      answerMs: spreadOf([published.latency]),
    },
    listenOverflows: after.listenOverflows - before.listenOverflows,
    machine: sharesOf(record),
  };
}

/** Whether every client has everything in order, once, and nothing else. Then the other figures mean something. */
export function isComplete({ lines, faults }: StormFigures): boolean {
  return Object.keys(faults).length === 0 && lines.every(({ clients, complete }) => clients === complete);
}

/** @param cold whether what was missed was not in memory: then the reads depend on how much the log grew meanwhile, and are not judged. */
export function targetsOf(figures: StormFigures, cold: boolean): Target[] {
  const { residentMiB } = figures;
  return [
    {
      what: `everybody complete within ${TARGETS.returnMs / 1_000} s`,
      met: isComplete(figures) && figures.returnMs <= TARGETS.returnMs,
    },
    ...(cold
      ? []
      : [{ what: `at most ${TARGETS.logReads} reads of the log`, met: figures.logReads <= TARGETS.logReads }]),
    {
      what: `event-loop delay p99 under ${TARGETS.loopDelayP99Ms} ms`,
      met: figures.loopDelayMs.p99 < TARGETS.loopDelayP99Ms,
    },
    {
      what: `without the ring, resident memory is back at ${TARGETS.settledShare} times its level or less`,
      met: residentMiB.settled - residentMiB.ring <= TARGETS.settledShare * residentMiB.gathered,
    },
  ];
}

function memoryOf({ gathered, before, after, settled }: StormRecord): ResidentMiB {
  const resident = ({ server }: StormRecord['before']): number => server.residentBytes / MIB;
  return {
    gathered: resident(gathered),
    before: resident(before),
    after: resident(after),
    settled: resident(settled),
    ring: settled.metrics.ringBytes / MIB,
  };
}

function linesOf(crowds: readonly CrowdReport[]): ReturnLine[] {
  const all = crowds.flatMap(({ transports }) => transports);
  const lines = TRANSPORTS.map((transport) =>
    lineOf(
      transport,
      all.filter((report) => report.transport === transport),
    ),
  );
  return [...lines, lineOf('all', all)];
}

function lineOf(transport: ReturnLine['transport'], reports: readonly TransportReport[]): ReturnLine {
  const sum = (figure: (report: TransportReport) => number): number =>
    reports.reduce((total, report) => total + figure(report), 0);
  return {
    transport,
    clients: sum(({ clients }) => clients),
    complete: sum(({ complete }) => complete.buckets.reduce((total, [, count]) => total + count, 0)),
    readyMs: spreadOf(reports.map(({ ready }) => ready)),
    completeMs: spreadOf(reports.map(({ complete }) => complete)),
    retries: sum(({ retries }) => retries),
  };
}

function spreadOf(histograms: readonly HistogramData[]): Spread {
  const all = new Histogram();
  for (const histogram of histograms) all.add(histogram);
  return { p50: all.quantile(0.5) / 1_000, p99: all.quantile(0.99) / 1_000, max: all.max / 1_000 };
}

function sharesOf({ before, after, returnMs, crowdCpuMicros, published }: StormRecord): StormFigures['machine'] {
  const seconds = (returnMs / 1_000) * availableParallelism();
  // The publisher's time is counted from its start, which is a little more.
  const clientSeconds = crowdCpuMicros.reduce((sum, micros) => sum + micros, published.cpuMicros) / 1_000_000;
  const server = after.server.cpuSeconds - before.server.cpuSeconds;
  const busy = after.machineBusySeconds - before.machineBusySeconds;
  return {
    server: server / seconds,
    clients: clientSeconds / seconds,
    others: Math.max(0, busy - server - clientSeconds) / seconds,
  };
}

function added(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of all) for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

function subtracted(
  after: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]));
}
