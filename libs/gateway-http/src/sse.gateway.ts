import type { Principal } from '#clarion/access';
import { Wheel, type Gateway, type Realtime, type Want } from '#clarion/realtime';
import type { SseConfig } from './gateway-http.config.js';
import { SseCodec } from './sse-codec.js';
import { SseLink, type StreamedResponse } from './sse-link.js';

/** Server-Sent Events: writes on raw responses, one wheel beats for all of them. */
export class SseGateway implements Gateway {
  readonly name = 'sse';
  readonly #realtime: Realtime;
  readonly #codec = new SseCodec();
  readonly #retry: Buffer;
  readonly #wheel: Wheel<SseLink>;
  readonly #links = new Set<SseLink>();
  #emptied: (() => void) | undefined;

  constructor(realtime: Realtime, config: SseConfig) {
    this.#realtime = realtime;
    this.#retry = this.#codec.retry(config.sseRetryMs);
    this.#wheel = new Wheel(config.heartbeatMs, (link) => link.beat());
  }

  /**
   * Streams to a response whose head was not sent; `sendHead` sends it once everything is known to be right.
   * @param address where the client is.
   * @throws {DomainError} while the response is still free to say so.
   */
  stream(response: StreamedResponse, address: string, who: Principal, wanted: Want, sendHead: () => void): void {
    const link = new SseLink(this.#codec, response, address, { sendHead, body: this.#retry });
    const session = this.#realtime.open(link, who, wanted);
    this.#links.add(link);
    this.#wheel.add(link);
    link.bind(session, this.#forget);
  }

  async drain(signal: AbortSignal): Promise<void> {
    if (this.#links.size > 0) await this.#empty(signal);
    this.#wheel.stop();
  }

  #empty(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#emptied = resolve;
      const cut = (): void => this.#links.forEach((link) => link.destroy());
      if (signal.aborted) cut();
      else signal.addEventListener('abort', cut, { once: true });
    });
  }

  /** One function for all links. */
  readonly #forget = (link: SseLink): void => {
    this.#links.delete(link);
    this.#wheel.delete(link);
    if (this.#links.size === 0) this.#emptied?.();
  };
}
