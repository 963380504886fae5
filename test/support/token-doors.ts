import { WebSocket, type RawData } from 'ws';
import { z } from 'zod';
import { WEB_SOCKET_PROTOCOL } from '#clarion/protocol';
import { SocketListener } from './socket-listener.js';

/** `accepted`, or the status and code of the refusal. */
export type Verdict = string;

const problemSchema = z.object({ status: z.number(), code: z.string() });

/** Every way to bring a token, each telling what the server at `url` made of it. */
export const TOKEN_DOORS: Readonly<Record<string, (url: string, token: string) => Promise<Verdict>>> = {
  'REST, header': (url, token) =>
    http(`${url}/v1/notifications?topic=open/a`, { headers: { authorization: `Bearer ${token}` } }),
  'REST, query': (url, token) => http(`${url}/v1/notifications?topic=open/a&access_token=${encodeURIComponent(token)}`),
  'REST, publishing': (url, token) =>
    http(`${url}/v1/notifications?access_token=${encodeURIComponent(token)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"topic":"open/a","type":"t"}',
    }),
  poll: (url, token) => http(`${url}/v1/events?topics=open/a&access_token=${encodeURIComponent(token)}`),
  SSE: (url, token) =>
    http(`${url}/v1/events?topics=open/a&access_token=${encodeURIComponent(token)}`, {
      headers: { accept: 'text/event-stream' },
    }),
  'WebSocket, query': (url, token) => webSocket(`${url}/v1/ws?topics=open/a&access_token=${encodeURIComponent(token)}`),
  'WebSocket, message': (url, token) => webSocket(`${url}/v1/ws`, { op: 'auth', id: 1, token }),
  'Socket.IO': (url, token) => socketIo(url, token, 'websocket'),
  'Socket.IO, polling': (url, token) => socketIo(url, token, 'polling'),
};

async function http(url: string, init: RequestInit = {}): Promise<Verdict> {
  const response = await fetch(url, init);
  if (!response.ok) return verdictOf(await response.json());
  await response.body?.cancel();
  return 'accepted';
}

function verdictOf(problem: unknown): Verdict {
  const { status, code } = problemSchema.parse(problem);
  return `${status} ${code}`;
}

async function webSocket(url: string, auth?: unknown): Promise<Verdict> {
  const socket = new WebSocket(url.replace('http', 'ws'), WEB_SOCKET_PROTOCOL);
  socket.on('error', () => undefined); // of a handshake that was refused, or of the end
  // From the beginning: the first message may come together with the handshake's answer.
  const heard = firstHeard(socket);
  try {
    const refused = await handshake(socket);
    if (refused !== undefined) return verdictOf(refused);
    if (auth !== undefined) socket.send(JSON.stringify(auth));
    const message = await heard;
    if (typeof message === 'number') return `closed ${message}`;
    const { event, ok, error } = messageSchema.parse(JSON.parse(String(message)));
    return event === 'ready' || ok === true ? 'accepted' : verdictOf(error);
  } finally {
    socket.terminate();
  }
}

const messageSchema = z.looseObject({ event: z.string(), ok: z.boolean().optional(), error: z.unknown().optional() });

/** The first message, or the code of the end. */
function firstHeard(socket: WebSocket): Promise<RawData | number> {
  return new Promise((resolve) => {
    socket.once('message', (data) => resolve(data));
    socket.once('close', (code) => resolve(code));
  });
}

/** Undefined: it is open, or has ended without an answer. */
function handshake(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('open', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve(JSON.parse(text)));
    });
  });
}

async function socketIo(url: string, token: string, transport: 'websocket' | 'polling'): Promise<Verdict> {
  const listener = new SocketListener(url, { token, topics: ['open/a'] }, { transports: [transport] });
  try {
    return await Promise.race([
      listener.first('ready', 1, 30_000).then(() => 'accepted'),
      listener.first('connect_error', 1, 30_000).then(([error]) => verdictOf(error?.args[0])),
      listener.first('disconnect', 1, 30_000).then(() => 'cut'),
    ]);
  } finally {
    listener.close();
  }
}
