import { monotonicMicros } from '../clock.js';
import { Histogram, type HistogramData } from '../histogram.js';
import { StormClient, TRANSPORTS, type ClientOrder, type Onlooker, type Transport } from './storm-client.js';

/** Handshakes at a time while nobody is in a hurry. */
const GATHERING_AT_ONCE = 50;
/** A connection that broke on the way back is made again after this long and up to twice as long, as real clients do. Milliseconds. */
const RETRY_MS = 500;

/** How the clients of one transport came back. */
export interface TransportReport {
  readonly transport: Transport;
  readonly clients: number;
  /** From the beginning of the return to `ready`, and to the last notification that was missing; each client counts once. */
  readonly ready: HistogramData;
  readonly complete: HistogramData;
  /** Connections that broke on the way back. */
  readonly retries: number;
}

export interface CrowdReport {
  readonly transports: readonly TransportReport[];
  /** What clients got wrong, and with how many of them; empty: all have everything, in order, once. */
  readonly faults: Readonly<Record<string, number>>;
  /** Why connections broke on the way back, and how many. */
  readonly retryReasons: Readonly<Record<string, number>>;
}

interface Tally {
  clients: number;
  retries: number;
  readonly ready: Histogram;
  readonly complete: Histogram;
}

type Phase = 'gathering' | 'braced' | 'returning' | 'closed';

/** Clients that gather, are cut off all at once, and return all at once. The steps are called in this order. */
export class Crowd implements Onlooker {
  readonly #clients: StormClient[] = [];
  readonly #tallies: Readonly<Record<Transport, Tally>> = {
    sse: newTally(),
    socketio: newTally(),
    websocket: newTally(),
    polling: newTally(),
  };
  readonly #retryReasons = new Map<string, number>();
  readonly #retries = new Set<NodeJS.Timeout>();
  /** Who has been ready since the return began: a retry does not count again. */
  readonly #arrived = new Set<StormClient>();
  #phase: Phase = 'gathering';
  /** Clients that have yet to do what the step waits for. */
  #outstanding = 0;
  /** Clients, from the end, that have yet to begin to gather. */
  #notBegun: StormClient[] = [];
  #resolve: () => void = () => undefined;
  #reject: (reason: Error) => void = () => undefined;
  #startMicros = 0;

  constructor(orders: readonly ClientOrder[]) {
    for (const order of orders) this.#clients.push(new StormClient(order, this));
    for (const { transport } of orders) this.#tallies[transport].clients += 1;
  }

  /** Connects all, a few at a time; resolves when each has its place. Rejects when one is refused. */
  gather(): Promise<void> {
    this.#notBegun = this.#clients.toReversed();
    return this.#all(() => {
      for (let i = 0; i < GATHERING_AT_ONCE; i++) this.#notBegun.pop()?.connect();
    });
  }

  /** From now on connections are expected to break; the promise, which resolves when all have, is for later. */
  brace(): { readonly broken: Promise<void> } {
    this.#phase = 'braced';
    return { broken: this.#all(() => undefined) };
  }

  /**
   * All connect at once, and those that break come back until they have everything. Resolves when all have it, or the time is over.
   * @param startMicros what times are counted from.
   */
  async comeBack(startMicros: number, timeoutMs: number): Promise<void> {
    this.#phase = 'returning';
    this.#startMicros = startMicros;
    const returned = this.#all(() => {
      for (const client of this.#clients) client.connect();
    });
    const patience = setTimeout(() => this.#resolve(), timeoutMs);
    await returned;
    clearTimeout(patience);
  }

  report(): CrowdReport {
    const faults = new Map<string, number>();
    for (const client of this.#clients) {
      const verdict = client.verdict();
      if (verdict !== null) count(faults, `${client.transport}: ${verdict}`);
    }
    const transports = TRANSPORTS.map((transport) => {
      const { clients, retries, ready, complete } = this.#tallies[transport];
      return { transport, clients, retries, ready: ready.toData(), complete: complete.toData() };
    });
    return {
      transports,
      faults: Object.fromEntries(faults),
      retryReasons: Object.fromEntries(this.#retryReasons),
    };
  }

  close(): void {
    this.#phase = 'closed';
    for (const retry of this.#retries) clearTimeout(retry);
    for (const client of this.#clients) client.close();
  }

  ready(client: StormClient): void {
    if (this.#phase === 'gathering') {
      this.#notBegun.pop()?.connect();
      this.#oneLess();
    } else if (this.#phase === 'returning' && !this.#arrived.has(client)) {
      this.#arrived.add(client);
      this.#tallies[client.transport].ready.record(monotonicMicros() - this.#startMicros);
    }
  }

  complete(client: StormClient): void {
    this.#tallies[client.transport].complete.record(monotonicMicros() - this.#startMicros);
    if (this.#phase === 'returning') this.#oneLess();
  }

  broken(client: StormClient, reason: string): void {
    if (this.#phase === 'gathering') this.#reject(new Error(`${client.transport}, while gathering: ${reason}`));
    else if (this.#phase === 'braced') this.#oneLess();
    else if (this.#phase === 'returning') this.#retryLater(client, reason);
  }

  #retryLater(client: StormClient, reason: string): void {
    this.#tallies[client.transport].retries += 1;
    count(this.#retryReasons, `${client.transport}: ${reason}`);
    const retry = setTimeout(
      () => {
        this.#retries.delete(retry);
        client.connect();
      },
      RETRY_MS * (1 + Math.random()),
    );
    this.#retries.add(retry);
  }

  /** Begins a step, and waits until every client has done it. */
  #all(begin: () => void): Promise<void> {
    this.#outstanding = this.#clients.length;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      begin();
    });
  }

  #oneLess(): void {
    this.#outstanding -= 1;
    if (this.#outstanding === 0) this.#resolve();
  }
}

function newTally(): Tally {
  return { clients: 0, retries: 0, ready: new Histogram(), complete: new Histogram() };
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
