import { TOPIC_DIGITS } from './layout.js';
import type { PublishTarget } from './messages.js';
import { clientFrame, NO_MASK, OPCODE } from './websocket-frames.js';

const TOPIC_PLACE = '#'.repeat(TOPIC_DIGITS);
/** Where the number of a topic is to be written. */
export const TOPIC_NEEDLE = Buffer.from(TOPIC_PLACE);

const LANE_DIGITS = 3;

/** One request of a lane, with empty marks, and {@link TOPIC_NEEDLE} for topics. */
export function requestBytes(target: PublishTarget, lane: number): Buffer {
  const { path, message, batch } = target;
  const { size, before, after } = batch;
  const body = filledIn(before + Array<string>(size).fill(message).join(',') + after, lane);
  switch (target.protocol) {
    case 'http':
      return Buffer.from(httpHead(target, filledIn(path, lane), Buffer.byteLength(body)) + body);
    case 'websocket':
      // Unmasked bytes can be overwritten; a server has to go over them all the same.
      return clientFrame(OPCODE.text, Buffer.from(body), NO_MASK);
    case 'nats':
      return Buffer.from(`PUB ${filledIn(path, lane)} ${Buffer.byteLength(body)}\r\n${body}\r\nPING\r\n`);
  }
}

/** As it is written into {@link PublishTarget.message} for `{lane}`. */
export function laneText(lane: number): string {
  return String(lane).padStart(LANE_DIGITS, '0');
}

function filledIn(template: string, lane: number): string {
  return template.replaceAll('{lane}', laneText(lane)).replaceAll('{topic}', TOPIC_PLACE);
}

function httpHead(target: PublishTarget, path: string, contentLength: number): string {
  const headers = {
    host: `127.0.0.1:${target.port}`,
    'content-type': 'application/json',
    'content-length': String(contentLength),
    ...target.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
