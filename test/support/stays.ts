import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { EventStream } from './event-stream.js';

/** An event as every transport gives it. */
export interface Told {
  readonly name: string;
  readonly data: { readonly cursor?: string; readonly data?: { readonly key?: string } };
}

export interface Where {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly token: string;
  readonly topics: readonly string[];
  readonly since: string | undefined;
}

/** A client that connects once, and is told things until it leaves or is cut off. It never comes back by itself. */
export interface Stay {
  /** In the order in which they came; whole events only. */
  readonly told: readonly Told[];
  leave(): void;
}

/** Every transport that is built, by a client of its own. */
export const STAYS: Readonly<Record<string, (where: Where) => Stay>> = {
  'socket.io websocket': (where) => socketIoStay(where, 'websocket'),
  'socket.io polling': (where) => socketIoStay(where, 'polling'),
  sse: sseStay,
  websocket: webSocketStay,
  'long poll': (where) => pollStay(where, 5),
  poll: (where) => pollStay(where, 0),
};

function socketIoStay({ url, token, topics, since }: Where, transport: 'websocket' | 'polling'): Stay {
  const told: Told[] = [];
  const socket = io(url, {
    forceNew: true,
    reconnection: false,
    transports: [transport],
    auth: { token, topics, ...(since !== undefined && { since }) },
  });
  socket.onAny((name: string, data: Told['data']) => told.push({ name, data }));
  return { told, leave: () => void socket.close() };
}

function sseStay(where: Where): Stay {
  const told: Told[] = [];
  let stream: EventStream | undefined;
  let left = false;
  EventStream.open(address('/v1/events', where), { Authorization: `Bearer ${where.token}` }, ({ event, data }) =>
    told.push({ name: event === 'message' ? 'notification' : event, data: data as Told['data'] }),
  ).then(
    (opened) => {
      stream = opened;
      if (left) opened.close();
    },
    () => (left = true), // nobody was there: the next stay tries again
  );
  return {
    told,
    leave: () => {
      left = true;
      stream?.close();
    },
  };
}

function webSocketStay(where: Where): Stay {
  const told: Told[] = [];
  const url = address('/v1/ws', where).replace('http', 'ws');
  const socket = new WebSocket(url, 'clarion.v1.json', { headers: { authorization: `Bearer ${where.token}` } });
  socket.on('message', (message) => {
    const { event, data } = JSON.parse(String(message)) as { event: string; data: Told['data'] };
    told.push({ name: event, data });
  });
  socket.on('error', () => socket.terminate()); // cut off, or nobody was there
  return { told, leave: () => socket.terminate() };
}

function pollStay(where: Where, waitS: number): Stay {
  const told: Told[] = [];
  const end = new AbortController();
  void keepPolling(where, waitS, told, end.signal);
  return { told, leave: () => end.abort() };
}

const POLL_PAUSE_MS = 20;

async function keepPolling(where: Where, waitS: number, told: Told[], signal: AbortSignal): Promise<void> {
  let { since } = where;
  while (!signal.aborted) {
    const answer = await pollOnce({ ...where, since }, waitS, signal);
    if (answer !== undefined && !signal.aborted) {
      for (const { event, data } of answer.events) told.push({ name: event, data });
      told.push({ name: 'cursor', data: { cursor: (since = answer.cursor) } });
    }
    if (waitS === 0 || answer === undefined) await new Promise((pause) => setTimeout(pause, POLL_PAUSE_MS));
  }
}

interface PollAnswer {
  readonly events: readonly { readonly event: string; readonly data: Told['data'] }[];
  readonly cursor: string;
}

/** Undefined when the connection broke, or nobody was there. */
async function pollOnce(where: Where, waitS: number, signal: AbortSignal): Promise<PollAnswer | undefined> {
  try {
    const response = await fetch(address('/v1/events', where), {
      headers: { authorization: `Bearer ${where.token}`, accept: 'application/json', prefer: `wait=${waitS}` },
      signal,
    });
    return response.ok ? ((await response.json()) as PollAnswer) : undefined;
  } catch {
    return undefined;
  }
}

function address(path: string, { url, topics, since }: Where): string {
  const full = new URL(path, url);
  full.searchParams.set('topics', topics.join());
  if (since !== undefined) full.searchParams.set('since', since);
  return full.href;
}
