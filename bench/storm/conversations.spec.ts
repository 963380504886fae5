import { describe, expect, it } from 'vitest';
import type { Errand, Speak } from './conversation.js';
import { speakLongPoll } from './long-poll-conversation.js';
import { speakSocketIo } from './socketio-conversation.js';
import { speakSse } from './sse-conversation.js';
import { speakWebSocket } from './websocket-conversation.js';

const FIRST: Errand = { port: 1, token: 't.o.k', topic: 'storm/0', since: null };
const BACK: Errand = { ...FIRST, since: 'c4' };

/** What a client hears and says when the server's bytes come in pieces of `size`. */
function talk(speak: Speak, errand: Errand, server: string, size: number): { heard: unknown[]; said: string[] } {
  const heard: unknown[] = [];
  const said: string[] = [];
  const conversation = speak(
    errand,
    (name, data) => heard.push([name, data]),
    (bytes) => said.push(typeof bytes === 'string' ? bytes : unmasked(bytes)),
  );
  said.push(conversation.hello);
  const bytes = Buffer.from(server, 'latin1');
  for (let at = 0; at < bytes.length; at += size) conversation.push(bytes.subarray(at, at + size));
  return { heard, said };
}

/** The text of a client's short frame (RFC 6455 §5.3). */
function unmasked(bytes: Buffer): string {
  const head = (bytes[1]! & 0x7f) < 126 ? 2 : 4;
  const mask = bytes.subarray(head, head + 4);
  return Buffer.from(bytes.subarray(head + 4).map((byte, i) => byte ^ mask[i % 4]!)).toString('latin1');
}

function frame(text: string): string {
  return `\x81${String.fromCharCode(text.length)}${text}`;
}

function answer(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

const UPGRADED = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n';
const NOTIFICATION = { cursor: 'c5', data: { n: 1 } };
const JSON_OF_IT = JSON.stringify(NOTIFICATION);

describe.each([1, 7, 10_000])('in pieces of %i bytes', (size) => {
  it('hears SSE, and brings its place back', () => {
    const stream =
      'HTTP/1.1 200 OK\r\n\r\nretry: 1000\n\n:\n\nid: c4\nevent: ready\ndata: {"cursor":"c4"}\n\n' +
      `id: c5\ndata: ${JSON_OF_IT}\n\n`;
    const { heard, said } = talk(speakSse, BACK, stream, size);
    expect(heard).toEqual([
      ['ready', { cursor: 'c4' }],
      ['notification', NOTIFICATION],
    ]);
    expect(said[0]).toContain('\r\nLast-Event-ID: c4\r\n');
  });

  it('hears WebSockets, and answers pings', () => {
    const message = JSON.stringify({ event: 'notification', data: NOTIFICATION });
    const { heard, said } = talk(speakWebSocket, BACK, `${UPGRADED}\x89\x02hi${frame(message)}`, size);
    expect(heard).toEqual([['notification', NOTIFICATION]]);
    expect(said[0]).toMatch(/^GET \/v1\/ws\?.*since=c4/);
    expect(said[1]).toBe('hi');
  });

  it('hears Socket.IO, and connects with the offset', () => {
    const events = `${frame('0{}')}${frame('40{}')}${frame('2')}${frame(`42["notification",${JSON_OF_IT},"c5"]`)}`;
    const { heard, said } = talk(speakSocketIo, BACK, UPGRADED + events, size);
    expect(heard).toEqual([['notification', NOTIFICATION]]);
    expect(said[1]).toMatch(/^40\{.*"offset":"c4"/);
    expect(said[2]).toBe('3');
  });

  it('polls again and again from where it is, and waits once it knows where that is', () => {
    const first = answer('{"events":[],"cursor":"c4"}');
    const second = answer(`{"events":[{"event":"notification","data":${JSON_OF_IT}}],"cursor":"c6"}`);
    const { heard, said } = talk(speakLongPoll, FIRST, first + second, size);
    expect(heard).toEqual([
      ['ready', { cursor: 'c4' }],
      ['notification', NOTIFICATION],
      ['cursor', { cursor: 'c6' }],
    ]);
    expect(said.map((request) => /since=(\w+)/.exec(request)?.[1])).toEqual([undefined, 'c4', 'c6']);
    expect(said.map((request) => request.includes('Prefer: wait='))).toEqual([false, true, true]);
  });
});

it.each([
  ['SSE', speakSse, 'HTTP/1.1 503 Service Unavailable\r\n\r\n', /503/],
  ['the end of a stream', speakSse, answer('data: {}\n\n'), /ended/],
  ['WebSockets', speakWebSocket, 'HTTP/1.1 401 Unauthorized\r\n\r\n', /401/],
  ['a goodbye', speakWebSocket, `${UPGRADED}\x88\x05\x0f\xa0bye`, /closed the WebSocket: bye/],
  ['Socket.IO', speakSocketIo, `${UPGRADED}${frame('44{"message":"no"}')}`, /refused/],
  ['polls', speakLongPoll, 'HTTP/1.1 503 X\r\ncontent-length: 2\r\n\r\n{}', /503/],
] as const)('takes a refusal for an end: %s', (_, speak, server, reason) => {
  expect(() => talk(speak, FIRST, server, 10_000)).toThrow(reason);
});
