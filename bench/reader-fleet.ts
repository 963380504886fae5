import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { CommandedProcess } from './child-process.js';
import { Histogram } from './histogram.js';
import { readReportSchema, type ReaderCommand, type ReaderTarget, type ReadReport } from './messages.js';

/** What all readers together got in one run. */
export interface FleetReport {
  readonly deliveries: number;
  readonly faults: readonly string[];
  /** Monotonic microseconds at which the last message reached the last reader. */
  readonly lastAtMicros: number;
  readonly latency: Histogram;
  /** CPU microseconds of each reading process. */
  readonly cpuMicros: readonly number[];
}

const nothingSchema = z.null();

/** Readers spread over as many processes as the machine has cores to spare: two are left to the server and the publisher. */
export class ReaderFleet {
  readonly #processes = Array.from(
    { length: Math.min(4, Math.max(1, availableParallelism() - 2)) },
    () => new CommandedProcess<ReaderCommand>('reader-process'),
  );

  /** Opens readers 0 to `count - 1`, and resolves when all hear what is published from now on. Precondition: none is open. */
  async open(target: ReaderTarget, count: number): Promise<void> {
    const share = count / this.#processes.length;
    await Promise.all(
      this.#processes.map(async (process, index) => {
        const first = Math.round(share * index);
        const own = Math.round(share * (index + 1)) - first;
        if (own > 0) await process.call({ command: 'open', target, first, count: own }, nothingSchema);
      }),
    );
  }

  async begin(lanes: number): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.call({ command: 'begin', lanes }, nothingSchema)));
  }

  /** Resolves when everything sent has reached every reader, or cannot any more; `faults` says which. */
  async finish(sent: readonly number[], timeoutMs: number): Promise<FleetReport> {
    const reports = await Promise.all(
      this.#processes.map((process) =>
        process.call({ command: 'finish', sent: [...sent], timeoutMs }, readReportSchema),
      ),
    );
    return merge(reports);
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.call({ command: 'close' }, nothingSchema)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}

function merge(reports: readonly ReadReport[]): FleetReport {
  const latency = new Histogram();
  for (const report of reports) latency.add(report.latency);
  const faults = reports.flatMap((report) => report.faults);
  return {
    deliveries: reports.reduce((sum, report) => sum + report.deliveries, 0),
    faults:
      faults.length === 0 && !haveOneOrder(reports) ? ['readers of different processes got different orders'] : faults,
    lastAtMicros: Math.max(...reports.map((report) => report.lastAtMicros)),
    latency,
    cpuMicros: reports.map((report) => report.cpuMicros),
  };
}

/** Whether all readers of a group got their messages in the same order. */
function haveOneOrder(reports: readonly ReadReport[]): boolean {
  const orders = new Map<string, number>();
  for (const [group, order] of reports.flatMap((report) => Object.entries(report.orders))) {
    if ((orders.get(group) ?? order) !== order) return false;
    orders.set(group, order);
  }
  return true;
}
