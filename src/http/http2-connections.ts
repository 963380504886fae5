import {
  constants,
  createServer,
  type Http2Session,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { DomainError } from '#clarion/protocol';
import { Deadlines } from '#clarion/realtime';

/** Requests at one time on one connection, streams among them: a browser has all its tabs of one site on one. */
const MAX_STREAMS = 256;
/** Bytes of one request's headers, as Node takes them over HTTP/1.1. */
const MAX_HEADER_BYTES = 16_384;
/** What one connection may hold here, in MB, before its further requests are refused. */
const MAX_SESSION_MB = 10;
/** In which a new connection must have begun its first request, and each request have sent its body. Milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Within which a client must have taken the answer that its body came too late. Milliseconds. */
const LAST_WORD_MS = 2_000;
/** How long a connection without requests is kept for the next. Milliseconds. */
const IDLE_TIMEOUT_MS = 72_000;

/** In which a client must have taken something of its answer; event streams do without. Milliseconds. */
const STALL_TIMEOUT_MS = 6_000;

/** Requests that the clients of one connection may give up within the time below; more are a flood (CVE-2023-44487). */
const MAX_RESETS = 1_000;
const RESETS_WITHIN_MS = 30_000;

/** What one connection asks of us. */
interface Load {
  readonly socket: TLSSocket;
  /** Being answered now. */
  requests: number;
  /** Given up by the client since `since`, milliseconds since 1970. */
  resets: number;
  since: number;
}

/** Hears each request; the answer is given to `response`. */
type RequestListener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/**
 * Connections that speak HTTP/2 (RFC 9113), each with limits: requests at one time, bytes of headers, memory, and the time for a first
 * request, for a body, and without any request; and of requests given up, whose limit in Node is not there in every version. Floods of
 * pings, settings and continuations are Node's (nghttp2's) to cut.
 */
export class Http2Connections {
  readonly #server = createServer({
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES },
    maxSessionMemory: MAX_SESSION_MB,
  });
  readonly #sessions = new Map<Http2Session, Load>();
  readonly #idle = new Deadlines<Http2Session>((session) => session.destroy());
  readonly #arriving = new Deadlines<Http2ServerResponse>((response) => this.#late(response));
  #closing = false;

  constructor(listener: RequestListener) {
    this.#server.on('request', (request, response) => {
      this.#count(response.stream);
      response.stream.setTimeout(STALL_TIMEOUT_MS, cutStalled);
      this.#expectBody(request, response);
      listener(request, response);
    });
  }

  /** Takes over a connection whose client chose HTTP/2. */
  accept(socket: TLSSocket): void {
    const begin = (session: Http2Session): void => this.#begin(session, socket);
    this.#server.once('session', begin);
    this.#server.emit('connection', socket);
    this.#server.off('session', begin);
  }

  /** Ends each connection with its last answer; no request begins any more. */
  close(): void {
    this.#closing = true;
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Cuts all. */
  destroy(): void {
    for (const session of this.#sessions.keys()) session.destroy();
  }

  #begin(session: Http2Session, socket: TLSSocket): void {
    this.#sessions.set(session, { socket, requests: 0, resets: 0, since: Date.now() });
    this.#idle.set(session, Date.now() + REQUEST_TIMEOUT_MS);
    session.on('close', () => {
      this.#sessions.delete(session);
      this.#idle.delete(session);
    });
    if (this.#closing) session.close();
  }

  #count(stream: ServerHttp2Stream): void {
    const { session } = stream;
    if (session === undefined) return;
    const load = this.#sessions.get(session);
    if (load === undefined) return;
    this.#idle.delete(session);
    load.requests++;
    stream.on('close', () => this.#uncount(session, load, stream.aborted));
  }

  #uncount(session: Http2Session, load: Load, wasReset: boolean): void {
    load.requests--;
    if (wasReset && isFlood(load)) cutFlood(session, load);
    else if (load.requests === 0 && !session.destroyed) this.#idle.set(session, Date.now() + IDLE_TIMEOUT_MS);
  }

  /** Whoever reads the body hears that it is late, and answers; if nobody does, or somebody did, the rest of it is not wanted. */
  #late(response: Http2ServerResponse): void {
    const { req: request, stream } = response;
    if (request.listenerCount('error') === 0) return stream.close(constants.NGHTTP2_CANCEL);
    this.#arriving.set(response, Date.now() + LAST_WORD_MS);
    request.emit('error', new DomainError('request.timeout'));
  }

  #expectBody(request: Http2ServerRequest, response: Http2ServerResponse): void {
    if (request.stream.endAfterHeaders) return;
    this.#arriving.set(response, Date.now() + REQUEST_TIMEOUT_MS);
    const arrived = (): void => this.#arriving.delete(response);
    request.on('end', arrived);
    response.on('close', arrived);
  }
}

/** An answer holds memory until it is taken. */
function cutStalled(this: ServerHttp2Stream): void {
  if (this.writableLength > 0) this.close(constants.NGHTTP2_CANCEL);
}

/** Says why, and waits for nobody to hear it: a session that is destroyed would wait until all that it has written was taken. */
function cutFlood(session: Http2Session, { socket }: Load): void {
  if (!session.destroyed) session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  setImmediate(() => socket.destroy());
}

/** Counts one more request that its client gave up; true when it is the one too many. */
function isFlood(load: Load): boolean {
  const now = Date.now();
  if (now - load.since > RESETS_WITHIN_MS) Object.assign(load, { resets: 0, since: now });
  load.resets++;
  return load.resets === MAX_RESETS + 1;
}
