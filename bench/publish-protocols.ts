import { z } from 'zod';
import { HttpResponseReader } from './http-response.js';
import type { PublishTarget } from './messages.js';
import { NATS_CONNECT, NATS_PONG, NatsParser } from './nats-protocol.js';
import { clientFrame, FrameReader, OPCODE } from './websocket-frames.js';
import { WebSocketOpening } from './websocket-opening.js';

/** Bytes kept of a refusal, to be shown. */
const MAX_REFUSAL_BYTES = 500;

/** What a protocol tells of its connection. */
export interface PublishEvents {
  /** Requests can be sent. */
  ready(): void;
  /** @param lane whose request was accepted; null: the oldest that is in flight. */
  accepted(lane: number | null): void;
  /** After the answer that has begun the server closes the connection. */
  closing(): void;
  say(bytes: Buffer | string): void;
}

/** The publisher's end of one connection. */
export interface PublishProtocol {
  connected(): void;
  /** @throws {Error} when a request was refused, or the bytes are not this protocol. */
  push(piece: Buffer): void;
}

/** Kept alive, one request at a time; accepted is any 2xx, and of a batch only one whose items all have 2xx. */
export function speakHttp({ batch }: PublishTarget, events: PublishEvents): PublishProtocol {
  let status = 0;
  let body = '';
  const isAccepted = (): boolean => status >= 200 && status <= 299 && (batch.size === 1 || !/"status":[^2]/.test(body));
  const response = new HttpResponseReader({
    onHead(code, willClose) {
      status = code;
      body = '';
      if (willClose) events.closing();
    },
    onBody(slice) {
      if (batch.size > 1 || (status >= 300 && body.length < MAX_REFUSAL_BYTES)) body += slice.toString('latin1');
    },
    onEnd() {
      if (!isAccepted()) throw new Error(`a publish was answered with ${status}: ${body.slice(0, MAX_REFUSAL_BYTES)}`);
      events.accepted(null);
    },
  });
  return { connected: () => events.ready(), push: (piece) => response.push(piece) };
}

const replySchema = z.object({ event: z.string(), id: z.string().optional(), ok: z.boolean().optional() });

/** Clarion's `/v1/ws`; replies carry the lane's number as `id`. */
export function speakWebSocket({ port, path, headers }: PublishTarget, events: PublishEvents): PublishProtocol {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const opening = new WebSocketOpening(port, path, lines);
  const onText = (text: string): void => {
    const { event, id, ok } = replySchema.parse(JSON.parse(text));
    if (event !== 'reply') return;
    if (ok !== true) throw new Error(`a publish was refused: ${text.slice(0, MAX_REFUSAL_BYTES)}`);
    events.accepted(Number(id));
  };
  const frames = new FrameReader((opcode, bytes, at, end) => {
    if (opcode === OPCODE.text) onText(bytes.toString('latin1', at, end));
    else if (opcode === OPCODE.ping) events.say(clientFrame(OPCODE.pong, bytes.subarray(at, end)));
    else if (opcode === OPCODE.close)
      throw new Error(`the server closed the WebSocket: ${bytes.toString('latin1', at + 2, end)}`);
  });
  let isOpen = false;
  return {
    connected: () => events.say(opening.request),
    push(piece) {
      const rest = opening.framesIn(piece);
      if (rest === null) return;
      if (!isOpen) events.ready();
      isOpen = true;
      frames.push(rest);
    },
  };
}

/** A PING follows each PUB: its PONG says that the server has dealt with the message, as the `flush` of client libraries does. */
export function speakNats(_target: PublishTarget, events: PublishEvents): PublishProtocol {
  let isReady = false;
  const parser = new NatsParser({
    onPing: () => events.say(NATS_PONG),
    onPong() {
      if (isReady) return events.accepted(null);
      isReady = true;
      events.ready();
    },
    onMessage() {
      throw new Error('a publisher was sent a message');
    },
  });
  return { connected: () => events.say(`${NATS_CONNECT}PING\r\n`), push: (piece) => parser.push(piece) };
}
