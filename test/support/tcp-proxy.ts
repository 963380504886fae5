import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** One client connection and its other half at the server. */
interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
}

/**
 * A bad network on loopback: forwards bytes both ways, until told to reset connections (RST, not FIN), to stop reading from the
 * server, or to be out of reach for a while.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #upstreamPort: number;
  readonly #pairs = new Set<Pair>();
  #paused = false;
  #unreachable = false;
  #silent = false;
  #armed: { bytesLeft: number; readonly onCut: () => void } | null = null;
  #cuts = 0;
  #cutsInMidChunk = 0;
  #accepted = 0;
  #bytesDown = 0;

  private constructor(upstreamPort: number) {
    this.#upstreamPort = upstreamPort;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  static async listen(upstreamPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(upstreamPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return addressOf(this.#server).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Times that {@link cutAll} or an armed cut reset at least one open connection. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Of those, the ones that an armed cut made within what the server wrote. */
  get cutsInMidChunk(): number {
    return this.#cutsInMidChunk;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get open(): number {
    return this.#pairs.size;
  }

  /** Bytes forwarded from the server to clients. */
  get bytesDown(): number {
    return this.#bytesDown;
  }

  /** Resets every open connection, on both sides, now. Returns how many. */
  cutAll(): number {
    const pairs = [...this.#pairs];
    if (pairs.length > 0) this.#cuts++;
    for (const { client, upstream } of pairs) {
      reset(client);
      reset(upstream);
    }
    return pairs.length;
  }

  /**
   * Forwards `bytes` more from the server, counted over all connections, then resets all in the middle of the chunk that
   * exceeds it. Resolves when that has happened; a later call replaces an earlier one, which then never resolves.
   */
  cutAfter(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#armed = { bytesLeft: bytes, onCut: resolve };
    });
  }

  /** Takes back a cut that is still waiting for its bytes. */
  disarm(): void {
    this.#armed = null;
  }

  /** Whether a cut is still waiting for its bytes. */
  get armed(): boolean {
    return this.#armed !== null;
  }

  /** Reads nothing from the server any more, on present and future connections, as a client does that is busy elsewhere. */
  pause(): void {
    this.#paused = true;
    for (const { upstream } of this.#pairs) upstream.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const { upstream } of this.#pairs) upstream.resume();
  }

  /** Nothing of the clients reaches the server any more, though every connection stays open: they have gone without a word. */
  silence(): void {
    this.#silent = true;
    this.pause();
  }

  /** Resets what is open and every new connection, until {@link reach}. */
  lose(): void {
    this.#unreachable = true;
    this.cutAll();
  }

  reach(): void {
    this.#unreachable = false;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const { client, upstream } of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    this.#accepted++;
    if (this.#unreachable) {
      client.on('error', ignoreReset);
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: this.#upstreamPort, host: '127.0.0.1', allowHalfOpen: true });
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    const pair = { client, upstream };
    this.#pairs.add(pair);
    this.#bind(client, upstream, pair);
    this.#bind(upstream, client, pair);
    client.on('data', (chunk: Buffer) => this.#silent || forward(client, upstream, chunk));
    upstream.on('data', (chunk: Buffer) => this.#forwardDown(pair, chunk));
    if (this.#paused) upstream.pause();
  }

  #bind(from: Socket, to: Socket, pair: Pair): void {
    from.on('error', () => reset(to));
    from.on('end', () => to.end());
    from.on('close', () => {
      if (to.destroyed) this.#pairs.delete(pair);
      else to.end();
    });
  }

  #forwardDown({ client, upstream }: Pair, chunk: Buffer): void {
    const armed = this.#armed;
    if (armed && chunk.length > armed.bytesLeft) {
      this.#armed = null;
      this.#bytesDown += armed.bytesLeft;
      client.write(chunk.subarray(0, armed.bytesLeft), () => {
        this.#cutsInMidChunk++;
        this.cutAll();
        armed.onCut();
      });
      return;
    }
    if (armed) armed.bytesLeft -= chunk.length;
    this.#bytesDown += chunk.length;
    forward(upstream, client, chunk, () => this.#paused);
  }
}

/** Writes with backpressure: `from` rests while `to` is full. */
function forward(from: Socket, to: Socket, chunk: Buffer, mustRest: () => boolean = () => false): void {
  if (to.destroyed || to.write(chunk)) return;
  from.pause();
  to.once('drain', () => {
    if (!mustRest()) from.resume();
  });
}

/** Not for a socket that is gone already: Node would call that an error. */
function reset(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}

/** A connection that this proxy resets itself has nothing to report. */
function ignoreReset(): void {}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
  return address;
}
