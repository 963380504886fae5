import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server as SocketIoServer } from 'socket.io';
import { z } from 'zod';

/** The ways in which servers of this kind go wrong. */
export type Fault =
  | 'none'
  | 'drops what was missed'
  | 'repeats the last one'
  | 'replays newest first'
  | 'invents'
  | 'tells everybody'
  | 'acknowledges before it stores'
  | 'ignores idempotency keys'
  | 'forgets the epoch'
  | 'gap on every reconnect'
  | 'ready comes late';

interface Entry {
  readonly id: string;
  readonly topics: readonly string[];
  readonly data: unknown;
}

/** One connected reader: where it gets its events, and what it asked for. */
interface Feed {
  readonly topics: string[];
  send(event: string, data: object, cursor: string | null): void;
}

const draftSchema = z.object({
  topics: z.array(z.string()).optional(),
  users: z.array(z.string()).optional(),
  data: z.unknown(),
});
const authSchema = z.object({
  topics: z.array(z.string()),
  offset: z.string().optional(),
  since: z.string().optional(),
});
const subscribeSchema = z.object({ topics: z.array(z.string()) });

/** What a disk would do: the answer comes a little after the entry can be seen. */
const COMMIT_MS = 2;

/**
 * A toy that speaks Clarion's words on the wire, with a fault of one's choice: what the checker must be able to see. Its "disk"
 * is an array that outlives {@link NaiveServer.kill}.
 */
export class NaiveServer {
  readonly #fault: Fault;
  readonly #feeds = new Set<Feed>();
  readonly #sockets = new Set<TcpSocket>();
  #disk: Entry[] = [];
  #unsynced = 0;
  #keys = new Map<string, number>();
  readonly #epochs = [{ id: 1, first: 0 }];
  #sent = 0;
  #serial = 0;
  #http: HttpServer | null = null;
  #port = 0;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const http = createServer((request, response) => void this.#answer(request, response));
    http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#acceptSocketIo(http);
    http.listen(this.#port, '127.0.0.1');
    await once(http, 'listening');
    const address = http.address();
    if (address === null || typeof address === 'string') throw new Error('the naive server does not listen');
    this.#port = address.port;
    this.#http = http;
  }

  /** As SIGKILL: no goodbye, and what was in memory alone is gone. */
  async kill(): Promise<void> {
    const http = this.#http;
    if (!http) return;
    this.#http = null;
    const closed = once(http, 'close');
    http.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#feeds.clear();
    await closed;
    if (this.#fault === 'acknowledges before it stores')
      this.#disk.length -= Math.min(this.#disk.length, this.#unsynced);
    this.#unsynced = 0;
  }

  /** As from a backup that knew `length` entries, while the server is stopped. */
  restore(length: number): void {
    this.#disk.length = length;
    this.#keys = new Map([...this.#keys].filter(([, offset]) => offset <= length));
    this.#epochs.push({ id: this.#epochs.length + 1, first: length + 1 });
  }

  /** Entries that nobody hears, as others publish them. */
  grow(count: number): void {
    for (let i = 0; i < count; i++) this.#disk.push({ id: `g-${++this.#serial}`, topics: ['elsewhere'], data: null });
  }

  get head(): number {
    return this.#disk.length;
  }

  #acceptSocketIo(http: HttpServer): void {
    const io = new SocketIoServer(http, { connectionStateRecovery: { skipMiddlewares: true } });
    io.on('connection', (socket) => {
      const { topics, offset, since } = authSchema.parse(socket.handshake.auth);
      const feed: Feed = {
        topics: topics.map(ownTopic),
        // Past the adapter, whose own recovery would append a string of its own to every event.
        send: (event, data, cursor) =>
          void socket.conn.write(`2${JSON.stringify(cursor === null ? [event, data] : [event, data, cursor])}`),
      };
      socket.on('subscribe', (request: unknown, acknowledge: (reply: object) => void) => {
        feed.topics.push(...subscribeSchema.parse(request).topics);
        acknowledge({ topics: feed.topics, cursor: this.#cursor(this.head) });
      });
      socket.on('disconnect', () => this.#feeds.delete(feed));
      this.#open(feed, offset ?? since);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/v1/events') return this.#stream(request, response, url);
    const draft = draftSchema.parse(JSON.parse(await text(request)));
    const key = String(request.headers['idempotency-key']);
    const known = this.#fault === 'ignores idempotency keys' ? undefined : this.#keys.get(key);
    const offset = known ?? this.#append(key, draft);
    if (this.#fault !== 'acknowledges before it stores') await sleep(COMMIT_MS);
    const headers = {
      'Content-Type': 'application/json',
      ...(known === undefined ? {} : { 'Idempotency-Replayed': 'true' }),
    };
    response.writeHead(201, headers);
    response.end(JSON.stringify({ id: this.#disk[offset - 1]?.id, cursor: this.#cursor(offset) }));
  }

  #append(key: string, draft: z.infer<typeof draftSchema>): number {
    const topics = [...(draft.topics ?? []), ...(draft.users ?? []).map((user) => `users/${user}`)];
    const entry = { id: `n-${++this.#serial}`, topics, data: draft.data };
    this.#disk.push(entry);
    const offset = this.head;
    this.#keys.set(key, offset);
    this.#unsynced = Math.min(this.#unsynced + 1, 3);
    for (const feed of this.#feeds) this.#deliver(feed, entry, offset);
    return offset;
  }

  #stream(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const feed: Feed = {
      topics: (url.searchParams.get('topics') ?? '').split(',').map(ownTopic),
      send: (event, data, cursor) => void response.write(sseFrame(event, data, cursor)),
    };
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('retry: 50\n\n');
    response.on('close', () => this.#feeds.delete(feed));
    const last = request.headers['last-event-id'];
    this.#open(feed, typeof last === 'string' ? last : (url.searchParams.get('since') ?? undefined));
  }

  #open(feed: Feed, since: string | undefined): void {
    const after = this.#place(since);
    const from = after ?? 0;
    const ready = () => feed.send('ready', { topics: feed.topics, cursor: this.#cursor(from) }, this.#cursor(from));
    if (after === null || (since !== undefined && this.#fault === 'gap on every reconnect'))
      feed.send('gap', { reason: 'unknown', cursor: this.#cursor(from) }, this.#cursor(from));
    if (this.#fault !== 'ready comes late') ready();
    if (since !== undefined) this.#replay(feed, from);
    if (this.#fault === 'ready comes late') ready();
    this.#feeds.add(feed);
  }

  #replay(feed: Feed, after: number): void {
    if (this.#fault === 'drops what was missed') return;
    const first = this.#fault === 'repeats the last one' ? Math.max(0, after - 1) : after;
    const missed = this.#disk.slice(first).map((entry, index) => ({ entry, offset: first + index + 1 }));
    if (this.#fault === 'replays newest first') missed.reverse();
    for (const { entry, offset } of missed) this.#deliver(feed, entry, offset);
  }

  #deliver(feed: Feed, entry: Entry, offset: number): void {
    const seen = entry.topics.find((topic) => feed.topics.some((selector) => fits(selector, topic)));
    const topic = seen ?? (this.#fault === 'tells everybody' ? entry.topics[0] : undefined);
    if (topic === undefined) return;
    const cursor = this.#cursor(offset);
    feed.send('notification', { id: entry.id, cursor, topic, data: entry.data }, cursor);
    if (this.#fault === 'invents' && ++this.#sent % 20 === 0)
      feed.send(
        'notification',
        { id: `i-${this.#sent}`, cursor, topic, data: { key: `invented#${this.#sent}` } },
        cursor,
      );
  }

  #cursor(offset: number): string {
    return `${this.#epochOf(offset)}-${offset}`;
  }

  #epochOf(offset: number): number {
    return this.#epochs.findLast(({ first }) => first <= offset)?.id ?? 1;
  }

  /** Null: no place in this log. */
  #place(since: string | undefined): number | null {
    if (since === undefined) return this.head;
    if (since === 'earliest') return 0;
    const [epoch, offset] = since.split('-').map(Number);
    if (epoch === undefined || offset === undefined) return null;
    if (this.#fault === 'forgets the epoch') return Math.min(offset, this.head);
    return offset <= this.head && epoch === this.#epochOf(offset) ? offset : null;
  }
}

function ownTopic(topic: string): string {
  return topic === 'users/me' ? 'users/u-1' : topic;
}

function fits(selector: string, topic: string): boolean {
  return selector === topic || (selector.endsWith('/**') && topic.startsWith(selector.slice(0, -2)));
}

function sseFrame(event: string, data: object, cursor: string | null): string {
  const id = cursor === null ? '' : `id: ${cursor}\n`;
  const name = event === 'notification' ? '' : `event: ${event}\n`;
  return `${id}${name}data: ${JSON.stringify(data)}\n\n`;
}
