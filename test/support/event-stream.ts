import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface StreamEvent {
  /** `message` when the server named none. */
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
  /** The lines as they came. */
  readonly raw: string;
}

/** One `GET /v1/events`, byte for byte, without reconnecting: for judging what is on the wire. */
export class EventStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly events: StreamEvent[] = [];
  readonly #response: IncomingMessage;
  readonly #waiting = new Set<() => void>();
  #rest = '';
  #text = '';
  #ended = false;

  private constructor(
    response: IncomingMessage,
    private readonly hear: (event: StreamEvent) => void,
  ) {
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    this.#response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#take(chunk));
    response.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
    // A reset is an end like any other here; `ended` says so.
    response.on('error', () => this.#wake());
  }

  /** Resolves with the response's head, whatever its status. `hear` is called with each event as it comes. */
  static open(
    url: string | URL,
    headers: Record<string, string> = {},
    hear: (event: StreamEvent) => void = () => undefined,
  ): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const request = get(url, { agent: false, headers: { Accept: 'text/event-stream', ...headers } });
      request.on('response', (response) => resolve(new EventStream(response, hear)));
      request.on('error', reject);
    });
  }

  /** All that came, as text. */
  get text(): string {
    return this.#text;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Those of one name, in order. */
  named(event: string): StreamEvent[] {
    return this.events.filter((one) => one.event === event);
  }

  /** @throws {Error} naming `what` when the condition does not hold within `timeoutMs`. */
  until(what: string, condition: () => boolean, timeoutMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (error) reject(error);
        else resolve();
      };
      const look = () => condition() && finish();
      const late = () => finish(new Error(`no ${what} within ${timeoutMs} ms; got ${this.#text.slice(-500)}`));
      const timer = setTimeout(late, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** The first `count` events of a name, as soon as they are there. */
  async first(event: string, count: number, timeoutMs?: number): Promise<StreamEvent[]> {
    await this.until(`${count} × ${event}`, () => this.named(event).length >= count, timeoutMs);
    return this.named(event).slice(0, count);
  }

  /** The whole body of an answer that is no stream, parsed as JSON. */
  async json(): Promise<unknown> {
    await this.until('end of the body', () => this.#ended);
    return JSON.parse(this.#text);
  }

  close(): void {
    this.#response.destroy();
  }

  #take(chunk: string): void {
    this.#text += chunk;
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) this.#parse(block);
    this.#wake();
  }

  #parse(raw: string): void {
    const fields = new Map(
      raw.split('\n').map((line) => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1).trimStart()]),
    );
    const data = fields.get('data');
    if (data === undefined) return;
    const event = { event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data), raw };
    this.events.push(event);
    this.hear(event);
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }
}
