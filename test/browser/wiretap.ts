import type { Page, Response, WebSocket } from 'playwright-core';

/** Of every answer's head, as Chromium reports it to pages (Resource Timing: a fixed number, so that heads leak nothing). */
const HEAD_BYTES = 300;
/** The stream's first line, which is not an event. */
const RETRY_LINE = /^retry: \d+\n\n/;

/** What really came to a page, seen from outside of it. */
export class Wiretap {
  readonly #frames = new Map<string, number>();
  readonly #answers: { url: URL; bytes: number }[] = [];
  #eventStream = '';

  /** Listens from now on; to be called before the page goes anywhere. */
  static async on(page: Page): Promise<Wiretap> {
    const tap = new Wiretap();
    page.on('websocket', (socket) => tap.#hear(socket));
    page.on('response', (response) => void tap.#measure(response));
    await tap.#readStream(page);
    return tap;
  }

  /** Bytes of all frames from the server on sockets of this path, with their headers; `as` names one of several readers there. */
  frames(path: string, as = ''): number {
    return this.#frames.get(`${path} ${as}`) ?? 0;
  }

  /** Bytes of all finished answers from this path, as the page may know them; `as` names one of several readers there. */
  answers(path: string, as?: string): number {
    return this.#answers
      .filter(({ url }) => url.pathname === path && (as === undefined || url.searchParams.get('as') === as))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Bytes of all events of the event stream. */
  get eventStream(): number {
    const events = this.#eventStream.replace(RETRY_LINE, '').replaceAll(/^:\n\n/gm, '');
    return Buffer.byteLength(events);
  }

  #hear(socket: WebSocket): void {
    const { pathname, searchParams } = new URL(socket.url());
    const as = searchParams.get('as') ?? '';
    socket.on('framereceived', ({ payload }) => {
      const bytes = Buffer.byteLength(payload);
      const header = bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10;
      this.#frames.set(`${pathname} ${as}`, this.frames(pathname, as) + header + bytes);
    });
  }

  async #measure(response: Response): Promise<void> {
    if (response.headers()['content-type']?.startsWith('text/event-stream')) return;
    const url = new URL(response.url());
    if (!['/v1/events', '/socket.io/'].includes(url.pathname)) return;
    // A page that is closed meanwhile has no bodies any more.
    const body = await response.body().catch(() => undefined);
    if (body !== undefined) this.#answers.push({ url, bytes: HEAD_BYTES + body.length });
  }

  /** The browser gives the raw bytes of a stream that never ends only to those who ask for them as they come. */
  async #readStream(page: Page): Promise<void> {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Network.enable');
    const streams = new Set<string>();
    devtools.on('Network.responseReceived', ({ requestId, response }) => {
      if (response.mimeType !== 'text/event-stream') return;
      streams.add(requestId);
      void devtools.send('Network.streamResourceContent', { requestId }).then(({ bufferedData }) => {
        this.#eventStream = Buffer.from(bufferedData, 'base64').toString() + this.#eventStream;
      });
    });
    devtools.on('Network.dataReceived', ({ requestId, data }) => {
      if (streams.has(requestId) && data !== undefined) this.#eventStream += Buffer.from(data, 'base64').toString();
    });
  }
}
