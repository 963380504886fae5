import { once } from 'node:events';
import type { Server } from 'node:http';
import { Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { AckWaits, PushLoop } from '#clarion/notifications';
import type { Gateways, Realtime } from '#clarion/realtime';
import type { Requests } from './http/requests.js';

/** Until then what is in flight must have its answer and clients must have gone; then connections are cut. Milliseconds. */
const DRAIN_TIMEOUT_MS = 6_000;

/**
 * Lets the work of this node end well, as a part of `app.close()`: no new connections, answers for what is in flight, `bye` to
 * clients and the end of their streams, and for what is being pushed to be written; whatever is left after 6 s is cut. The store is open until after that.
 */
export class Drain implements BeforeApplicationShutdown {
  readonly #logger = new Logger(Drain.name);

  constructor(
    private readonly requests: Requests,
    private readonly realtime: Realtime,
    private readonly gateways: Gateways,
    private readonly ackWaits: AckWaits,
    /** Null: nothing is pushed. */
    private readonly push: Pick<PushLoop, 'stop'> | null,
    private readonly server: () => Server,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    const server = this.server();
    const from = performance.now();
    const answered = this.requests.drain();
    const released = server.listening ? once(server, 'close') : Promise.resolve();
    if (server.listening) server.close();
    this.realtime.drain();
    this.ackWaits.release();
    const pushed = this.push?.stop();
    const timeout = AbortSignal.timeout(DRAIN_TIMEOUT_MS);
    await Promise.race([Promise.all([answered, this.gateways.drain(timeout), pushed]), once(timeout, 'abort')]);
    if (this.requests.inFlight > 0)
      this.#logger.warn(`cutting ${this.requests.inFlight} requests that did not end in time`);
    server.closeAllConnections();
    await released;
    this.#logger.log(`drained in ${Math.round(performance.now() - from)} ms`);
  }
}
