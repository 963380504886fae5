import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandedProcess } from '../child-process.js';
import { Histogram } from '../histogram.js';
import type { Plan } from '../plan.js';
import { summarise, type Summary } from '../statistics.js';
import { appendReportSchema, type AppendReport } from './append-load.js';
import type { StoreCommand } from './store-messages.js';

/** On the project's disk: a temporary directory in memory would make every sync free. */
const SCRATCH = join(import.meta.dirname, '..', '..', '..', '.tmp');
/** How often one append is made where nothing else waits. */
const ALONE_PER_SECOND = 10;

/** What a log does with `window` appends in flight all the time. Latencies in milliseconds, from the call to the sync. */
export interface StoreLine {
  readonly log: string;
  readonly appendsPerSecond: Summary;
  readonly p50Ms: Summary;
  readonly p99Ms: Summary;
}

/** The log without the server, beside the best that could be had. */
export interface StoreReport {
  readonly window: number;
  readonly lines: readonly StoreLine[];
  /** One append now and then: what a commit costs where nothing else waits. */
  readonly commitP50Ms: number;
  readonly commitP99Ms: number;
}

const LOGS: readonly { readonly log: StoreCommand['log']; readonly name: string }[] = [
  { log: 'clarion', name: 'Clarion: NotificationLog on SQLite' },
  { log: 'bare', name: 'bare worker thread with libsql' },
];

/** Each log in turn, as many rounds as the plan has repetitions, always on a fresh database. */
export async function measureStore({ store, repetitions, warmUpMs }: Plan): Promise<StoreReport> {
  const reports = new Map<string, AppendReport[]>(LOGS.map(({ log }) => [log, []]));
  const load: StoreCommand['load'] = { kind: 'saturated', window: store.window, durationMs: store.durationMs };
  for (let repetition = 0; repetition < repetitions; repetition++)
    for (const { log } of LOGS) reports.get(log)?.push(await append(log, warmUpMs, load));
  const alone = histogramOf(
    await append('clarion', warmUpMs, { kind: 'alone', perSecond: ALONE_PER_SECOND, durationMs: store.aloneMs }),
  );
  return {
    window: store.window,
    lines: LOGS.flatMap(({ log, name }) => lineOf(name, reports.get(log) ?? [])),
    commitP50Ms: alone.quantile(0.5) / 1_000,
    commitP99Ms: alone.quantile(0.99) / 1_000,
  };
}

async function append(log: StoreCommand['log'], warmUpMs: number, load: StoreCommand['load']): Promise<AppendReport> {
  mkdirSync(SCRATCH, { recursive: true });
  const dataDir = mkdtempSync(join(SCRATCH, 'bench-store-'));
  const process = new CommandedProcess<StoreCommand>('store-process');
  try {
    return await process.call({ command: 'append', log, dataDir, warmUpMs, load }, appendReportSchema);
  } finally {
    await process.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function lineOf(log: string, reports: readonly AppendReport[]): StoreLine[] {
  const over = (figure: (report: AppendReport) => number): Summary | null => summarise(reports.map(figure));
  const appendsPerSecond = over(({ appends, micros }) => (appends / micros) * 1_000_000);
  const p50Ms = over((report) => histogramOf(report).quantile(0.5) / 1_000);
  const p99Ms = over((report) => histogramOf(report).quantile(0.99) / 1_000);
  return appendsPerSecond && p50Ms && p99Ms ? [{ log, appendsPerSecond, p50Ms, p99Ms }] : [];
}

function histogramOf({ latency }: AppendReport): Histogram {
  const histogram = new Histogram();
  histogram.add(latency);
  return histogram;
}
