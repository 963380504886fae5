import { EventSource } from 'eventsource';
import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';
import { Recorder, type ClientIdentity } from './recorder.js';

export interface ConnectOptions extends ClientIdentity {
  readonly url: string;
  readonly token: string;
  /** What is brought as `topics`, when it differs from `selectors`: `users/me` for `users/<id>`. */
  readonly topics?: readonly string[];
  readonly since?: string;
}

/** A stock client with its own automatic reconnection, whose every event goes to a {@link Recorder}. */
export interface RecordingClient {
  readonly log: Recorder;
  close(): void;
}

export interface SubscribingClient extends RecordingClient {
  /** Subscribes while connected, and brings these topics on every later connection. Tries again until the server has answered. */
  subscribe(topics: readonly string[]): Promise<void>;
  readonly socket: Socket;
}

const subscription = z.object({ topics: z.array(z.string()), cursor: z.string() });

/** How long a lost acknowledgement is waited for. */
const ACK_TIMEOUT_MS = 1_000;

/** `socket.io-client` as anybody uses it: public options alone, `auth` as a function, nothing said of cursors but perhaps the first. */
export function connectSocketIo(
  options: ConnectOptions,
  transports: readonly ('polling' | 'websocket')[],
): SubscribingClient {
  const log = new Recorder(options);
  const topics = [...(options.topics ?? options.selectors)];
  const end = new AbortController();
  const socket = io(options.url, {
    forceNew: true,
    transports: [...transports],
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
    randomizationFactor: 0.5,
    // A cut within Engine.IO's handshake is noticed by the stock client only when this time, by default 20 s, is over.
    timeout: 2_000,
    auth: (give) =>
      give({ token: options.token, topics, ...(options.since === undefined ? {} : { since: options.since }) }),
  });
  socket.on('connect', () => log.opened());
  socket.on('connect_error', (error) => {
    if (!socket.active) log.failed(`refused for good: ${error.message}`);
  });
  socket.on('notification', (data: unknown, cursor: unknown) => log.notification(data, cursor));
  for (const kind of ['ready', 'cursor', 'gap', 'bye'] as const)
    socket.on(kind, (data: unknown, cursor: unknown) => log.control(kind, data, cursor));
  const subscribe = async (later: readonly string[]) => {
    let answered = false;
    while (!answered && !end.signal.aborted) answered = await subscribeOnce(socket, topics, later, log);
  };
  const close = () => {
    end.abort();
    socket.close();
  };
  return { log, socket, subscribe, close };
}

/** The acknowledgement is noted in its own callback: notifications may follow it in the same turn. */
function subscribeOnce(socket: Socket, topics: string[], later: readonly string[], log: Recorder): Promise<boolean> {
  return new Promise((resolve) => {
    socket.timeout(ACK_TIMEOUT_MS).emit('subscribe', { topics: later }, (unanswered: Error | null, reply: unknown) => {
      if (unanswered) return resolve(false);
      const answer = subscription.safeParse(reply);
      if (answer.success) {
        log.subscribed(later, answer.data.cursor);
        topics.push(...later);
      } else log.failed(`subscribe was answered with ${JSON.stringify(reply)}`);
      resolve(true);
    });
  });
}

/** `eventsource` as anybody uses it on Node, which must bring its token as a header by the `fetch` option. */
export function connectEventSource(options: ConnectOptions): RecordingClient {
  const log = new Recorder(options);
  const url = new URL('/v1/events', options.url);
  url.searchParams.set('topics', (options.topics ?? options.selectors).join());
  if (options.since !== undefined) url.searchParams.set('since', options.since);
  const source = new EventSource(url, {
    fetch: (input, init) =>
      fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${options.token}` } }),
  });
  source.addEventListener('open', () => log.opened());
  source.addEventListener('message', (event) => log.notification(JSON.parse(event.data), event.lastEventId));
  for (const kind of ['ready', 'cursor', 'gap', 'bye'] as const)
    source.addEventListener(kind, (event) => log.control(kind, JSON.parse(event.data), event.lastEventId));
  source.addEventListener('error', (event) => {
    if (source.readyState === source.CLOSED) log.failed(`refused for good: ${event.code} ${event.message}`);
  });
  return { log, close: () => source.close() };
}
