import { once } from 'node:events';
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { z } from 'zod';

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const titledSchema = z.object({ title: z.string() });

/** One event stream among others on a connection, block by block as it came. */
export class Http2Stream {
  readonly stream: ClientHttp2Stream;
  /** Titles of notifications, in their order. */
  readonly titles: string[] = [];
  #text = '';
  #rest = '';
  readonly #waiting = new Set<() => void>();

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream;
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => this.#take(chunk));
    stream.on('close', () => this.#take(''));
    stream.on('error', () => this.#take('')); // a reset is an end; tests look at rstCode
  }

  /** All that came. */
  get text(): string {
    return this.#text;
  }

  /** Resolves when the text that came satisfies this. @throws {Error} after 10 s, or when the stream ends before. */
  until(holds: (stream: this) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = (): void => {
        if (holds(this)) finish();
        else if (this.stream.destroyed) finish(new Error(`ended before, with: ${this.#text.slice(-300)}`));
      };
      const timer = setTimeout(() => finish(new Error(`not within 10 s: ${this.#text.slice(-300)}`)), 10_000);
      this.#waiting.add(look);
      look();
    });
  }

  #take(chunk: string): void {
    this.#text += chunk;
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^(?:id: .*\n)?data: (.*)$/.exec(block)?.[1];
      if (data !== undefined) this.titles.push(titledSchema.parse(JSON.parse(data)).title);
    }
    this.#waiting.forEach((look) => look());
  }
}

/** A client with one connection that speaks HTTP/2 over TLS, whoever signed the certificate. */
export class Http2Client {
  readonly session: ClientHttp2Session;
  /** Why and when the server said that it goes (GOAWAY); undefined until then. */
  goaway: number | undefined;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on('error', () => undefined); // tests look at how it ends
    session.on('goaway', (code) => (this.goaway = code));
  }

  /** @param window bytes that a stream may have under way before it is read. */
  static async connect(url: string, window?: number): Promise<Http2Client> {
    const settings = window === undefined ? {} : { initialWindowSize: window };
    const session = connect(url, { rejectUnauthorized: false, settings });
    const client = new Http2Client(session);
    await once(session, 'connect');
    return client;
  }

  /** The name in the certificate that this connection was given. */
  get certificateName(): string {
    const { socket } = this.session;
    return socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : '';
  }

  async request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: string,
  ): Promise<Http2Answer> {
    const stream = this.session.request(
      { ':method': method, ':path': path, ...headers },
      { endStream: body === undefined },
    );
    if (body !== undefined) stream.end(body);
    const [[head], read]: [IncomingHttpHeaders[], string] = await Promise.all([once(stream, 'response'), text(stream)]);
    return { status: Number(head?.[':status']), headers: head ?? {}, body: read };
  }

  /** Publishes what must be accepted as durable. */
  async publish(apiKey: string, draft: object): Promise<void> {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const { status, body } = await this.request('POST', '/v1/notifications', headers, JSON.stringify(draft));
    if (status !== 201) throw new Error(`${status}: ${body}`);
  }

  /** An event stream; resolves when it is `ready`. */
  async listen(query: string): Promise<Http2Stream> {
    const stream = new Http2Stream(
      this.session.request({ ':path': `/v1/events?${query}`, accept: 'text/event-stream' }),
    );
    await stream.until((one) => one.text.includes('event: ready'));
    return stream;
  }

  close(): void {
    this.session.destroy();
  }
}
