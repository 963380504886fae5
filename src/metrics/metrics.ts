import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Requests } from '../http/requests.js';

const PREFIX = 'clarion_';
/** How often the delay of the event loop is looked at. At 10 ms, the default, that alone is two thirds of what an idle server does. Milliseconds. */
const LOOP_SAMPLE_MS = 50;
const REQUEST_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** A number that a library keeps by itself; it is looked at only when somebody asks for the metrics. */
export interface Reading {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  /** One value, or one for each value of the label. */
  read(): number | { readonly label: string; readonly values: Readonly<Record<string, number>> };
}

/** What Prometheus reads: the process, HTTP requests, and what the libraries count. A registry of its own for each application. */
export class Metrics {
  readonly #registry = new Registry();

  constructor(requests: Requests, readings: readonly Reading[]) {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
    this.#countRequests(requests);
    for (const reading of readings) this.#add(reading);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #countRequests(requests: Requests): void {
    const seconds = new Histogram({
      name: `${PREFIX}http_request_seconds`,
      help: 'Time until the answer to a request had ended; streams last as long as their clients stay.',
      labelNames: ['method', 'route', 'status'],
      buckets: REQUEST_BUCKETS_S,
      registers: [this.#registry],
    });
    requests.observe(({ method, route, status, ms }) => seconds.observe({ method, route, status }, ms / 1_000));
    this.#add({
      name: 'http_requests_in_flight',
      help: 'Requests being answered, streams included.',
      kind: 'gauge',
      read: () => requests.inFlight,
    });
  }

  #add(reading: Reading): void {
    const registers = [this.#registry];
    const first = reading.read();
    const labelNames = typeof first === 'number' ? [] : [first.label];
    const { help } = reading;
    if (reading.kind === 'gauge') {
      const gauge = new Gauge({
        name: PREFIX + reading.name,
        help,
        labelNames,
        registers,
        collect: () => {
          // A label whose last member has gone is not read any more.
          gauge.reset();
          each(reading, (labels, value) => gauge.set(labels, value));
        },
      });
      return;
    }
    const counter: Counter = new Counter({
      name: `${PREFIX}${reading.name}_total`,
      help,
      labelNames,
      registers,
      collect: () => {
        counter.reset();
        each(reading, (labels, value) => counter.inc(labels, value));
      },
    });
  }
}

function each(reading: Reading, take: (labels: Record<string, string>, value: number) => void): void {
  const now = reading.read();
  if (typeof now === 'number') take({}, now);
  else for (const [name, value] of Object.entries(now.values)) take({ [now.label]: name }, value);
}
