import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PublishTarget } from './messages.js';
import type { PublishLane } from './publish-lane.js';
import { speakHttp, speakNats, speakWebSocket, type PublishProtocol } from './publish-protocols.js';

const SPEAK = { http: speakHttp, websocket: speakWebSocket, nats: speakNats } as const;

/** What becomes of the requests of a connection. */
export interface PublishListener {
  onAccepted(lane: PublishLane): void;
  /** Nothing can be published any more. */
  onFailure(reason: string): void;
}

/**
 * One kept connection on which lanes publish. HTTP servers may close theirs between two requests, as they do after a number of them or when idle (RFC
 * 9112 §9.5): then the next request opens another.
 */
export class PublishConnection {
  readonly #target: PublishTarget;
  readonly #listener: PublishListener;
  /** In the order of their requests. */
  readonly #inFlight: PublishLane[] = [];
  readonly #openSocket: (port: number) => Duplex;
  #socket: Duplex | null = null;
  #error = 'was closed';
  #hasBeenReady = false;
  #onReady: () => void = () => undefined;

  /** @param openSocket begins to connect; a `connect` event tells when that is done. */
  constructor(target: PublishTarget, listener: PublishListener, openSocket = openTcp) {
    this.#target = target;
    this.#listener = listener;
    this.#openSocket = openSocket;
  }

  /** Resolves when the server can be told; what goes wrong is told to the listener. */
  connect(): Promise<void> {
    return new Promise((resolve) => {
      this.#onReady = resolve;
      this.#socket = this.#open();
    });
  }

  /** Sends the lane's next request. Precondition: connected once, and none of the lane is in flight. */
  send(lane: PublishLane, scheduledMicros: number): void {
    const socket = (this.#socket ??= this.#open());
    if (this.#target.lanesPerConnection > 1) joinWrites(socket);
    this.#inFlight.push(lane);
    socket.write(lane.next(scheduledMicros));
  }

  close(): void {
    this.#socket?.removeAllListeners('close').destroy();
  }

  #open(): Duplex {
    const socket = this.#openSocket(this.#target.port);
    const protocol = SPEAK[this.#target.protocol](this.#target, {
      ready: () => this.#beReady(),
      accepted: (lane) => this.#onAccepted(lane),
      closing: () => this.#leave(socket),
      say: (bytes) => void socket.write(bytes),
    });
    this.#listen(socket, protocol);
    return socket;
  }

  #listen(socket: Duplex, protocol: PublishProtocol): void {
    socket.on('connect', () => protocol.connected());
    socket.on('data', (piece: Buffer) => {
      try {
        protocol.push(piece);
      } catch (error) {
        this.#listener.onFailure(error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('error', (error) => void (this.#error = `failed: ${error.message}`));
    socket.on('close', () => this.#onClose());
  }

  #beReady(): void {
    this.#hasBeenReady = true;
    this.#onReady();
  }

  #onAccepted(index: number | null): void {
    const at = index === null ? 0 : this.#inFlight.findIndex((lane) => lane.index === index);
    const [lane] = this.#inFlight.splice(at, 1);
    if (lane === undefined || at < 0) throw new Error('an answer to nothing');
    lane.onAccepted();
    this.#listener.onAccepted(lane);
  }

  /** The server will close the connection after the answer that it has just begun. */
  #leave(socket: Duplex): void {
    socket.removeAllListeners('close');
    this.#socket = null;
  }

  #onClose(): void {
    this.#socket = null;
    if (!this.#hasBeenReady || this.#target.protocol !== 'http' || this.#inFlight.length > 0)
      this.#listener.onFailure(`a publishing connection ${this.#error}`);
  }
}

function openTcp(port: number): Duplex {
  return connect({ port, host: '127.0.0.1', noDelay: true });
}

/** What is written in this turn of the event loop goes out in one write. */
function joinWrites(socket: Duplex): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}
