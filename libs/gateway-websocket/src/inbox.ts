import { MAX_BATCH_BYTES } from '#clarion/protocol';
import type { Request } from './message.js';

/** The operation that does not hold up what follows it. */
export const PUBLISH = 'publish';

/** Other requests of one client that may wait, as many as it answers a page of missed notifications with, and their bytes before one more. */
const [MAX_WAITING, MAX_WAITING_BYTES] = [256, 1_048_576];

/** The requests of one client that have not begun, in the order in which they came. */
export class Inbox {
  readonly #requests: Request[] = [];
  #publishes = 0;
  #publishBytes = 0;
  #otherBytes = 0;

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
        : this.#requests.length - this.#publishes < MAX_WAITING && this.#otherBytes < MAX_WAITING_BYTES;
    if (fits) this.#put(request);
    return fits;
  }

  take(): Request | undefined {
    const request = this.#requests.shift();
    if (request !== undefined) this.#count(request, -1);
    return request;
  }

  clear(): void {
    this.#requests.length = 0;
    this.#publishes = 0;
    this.#publishBytes = 0;
    this.#otherBytes = 0;
  }

  #put(request: Request): void {
    this.#requests.push(request);
    this.#count(request, 1);
  }

  #count({ op, bytes }: Request, times: 1 | -1): void {
    if (op === PUBLISH) {
      this.#publishes += times;
      this.#publishBytes += times * bytes;
    } else {
      this.#otherBytes += times * bytes;
    }
  }
}
