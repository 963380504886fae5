import { API_KEY } from '../clarion.js';

/** What Clarion says of itself at one moment. */
export interface ServerMetrics {
  /** Pages read from the log for clients that catch up, since the start. */
  readonly logReads: number;
  /** Events given to clients since the start, by where they came from: `live`, `ring` (memory), `log`. */
  readonly deliveries: Readonly<Record<string, number>>;
  /** Recent events that the server keeps in memory, bytes. */
  readonly ringBytes: number;
  /** Event-loop delay since it was asked the last time, milliseconds. It is sampled every 10 ms, and that is what an idle one shows. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number };
}

/**
 * Reads `/metrics`. Asking begins a new measurement of the event-loop delay.
 * @throws {Error} when the server does not answer, or knows no such metric.
 */
export async function readMetrics(port: number): Promise<ServerMetrics> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${API_KEY}` } });
  if (!response.ok) throw new Error(`no metrics: ${response.status}`);
  const text = await response.text();
  const ms = (name: string): number => (valuesOf(text, name)[''] ?? Number.NaN) * 1_000;
  return {
    logReads: valuesOf(text, 'clarion_log_page_reads_total')[''] ?? Number.NaN,
    deliveries: valuesOf(text, 'clarion_deliveries_total'),
    ringBytes: valuesOf(text, 'clarion_ring_bytes')[''] ?? Number.NaN,
    loopDelay: {
      p50: ms('nodejs_eventloop_lag_p50_seconds'),
      p99: ms('nodejs_eventloop_lag_p99_seconds'),
      max: ms('nodejs_eventloop_lag_max_seconds'),
    },
  };
}

/** The values of one metric by the value of its one label; by `''` when it has none. */
function valuesOf(text: string, name: string): Record<string, number> {
  const lines = [...text.matchAll(new RegExp(`^${name}(?:\\{\\w+="([^"]*)"\\})? (\\S+)$`, 'gm'))];
  if (lines.length === 0) throw new Error(`the server has no metric ${name}`);
  return Object.fromEntries(lines.map(([, label = '', value]) => [label, Number(value)]));
}
