import { MAX_BATCH_BYTES } from '#clarion/protocol';
import type { Request } from './message.js';

/** The operation that does not hold up what follows it. */
export const PUBLISH = 'publish';

/** Other requests of one client that may wait. */
const MAX_WAITING = 16;

/** The requests of one client that have not begun, in the order in which they came. */
export class Inbox {
  readonly #requests: Request[] = [];
  #publishes = 0;
  #publishBytes = 0;

  /** Whether publishes wait; what goes on to read then must stop, which bounds them by what one read of the connection brings. */
  get holdsPublishes(): boolean {
    return this.#publishes > 0;
  }

  get first(): Request | undefined {
    return this.#requests[0];
  }

  /** @returns false when too much waits already; then the request was not taken. */
  add(request: Request): boolean {
    const fits =
      request.op === PUBLISH
        ? // What was compressed may unfold to any number of messages after the last read.
          this.#publishBytes < MAX_BATCH_BYTES
        : this.#requests.length - this.#publishes < MAX_WAITING;
    if (fits) this.#put(request);
    return fits;
  }

  take(): Request | undefined {
    const request = this.#requests.shift();
    if (request?.op === PUBLISH) this.#count(-1, -request.bytes);
    return request;
  }

  clear(): void {
    this.#requests.length = 0;
    this.#publishes = 0;
    this.#publishBytes = 0;
  }

  #put(request: Request): void {
    this.#requests.push(request);
    if (request.op === PUBLISH) this.#count(1, request.bytes);
  }

  #count(publishes: number, bytes: number): void {
    this.#publishes += publishes;
    this.#publishBytes += bytes;
  }
}
