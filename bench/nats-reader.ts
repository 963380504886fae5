import type { Socket } from 'node:net';
import { MarkScanner } from './mark.js';
import type { ReaderTarget } from './messages.js';
import { NATS_CONNECT, NATS_PONG, NatsParser } from './nats-protocol.js';
import { openReader, type Reader, type ReaderEvents, type ReaderProtocol } from './reader.js';
import { ofReader } from './reader-topics.js';

type NatsTarget = Extract<ReaderTarget, { transport: 'nats' }>;

/** A subscriber of NATS subjects that answers pings and otherwise does no more than find the marks. Ready when a PING after its SUBs is answered. */
export function openNatsReader(target: NatsTarget, index: number, events: ReaderEvents): Promise<Reader> {
  const hello = ofReader(`${NATS_CONNECT}{topics}PING\r\n`, target.wants, index);
  return openReader(target.port, events, (socket, ready) => natsProtocol(hello, events, socket, ready));
}

function natsProtocol(hello: string, events: ReaderEvents, socket: Socket, ready: () => void): ReaderProtocol {
  const scanner = new MarkScanner(events.onMark);
  const parser = new NatsParser({
    onPing: () => void socket.write(NATS_PONG),
    onPong: ready,
    onMessage: () => undefined,
  });
  return {
    hello,
    push(piece) {
      parser.push(piece);
      scanner.push(piece);
    },
  };
}
