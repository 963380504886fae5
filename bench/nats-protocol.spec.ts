import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NatsParser } from './nats-protocol.js';

const INFO = 'INFO {"server_id":"NX","max_payload":1048576}\r\n';

/** What a parser reports of a stream cut into pieces of `size` bytes. */
function parse(stream: string, size: number): string[] {
  const heard: string[] = [];
  const parser = new NatsParser({
    onPing: () => void heard.push('ping'),
    onPong: () => void heard.push('pong'),
    onMessage: () => void heard.push('message'),
  });
  const bytes = Buffer.from(stream, 'latin1');
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
  return heard;
}

const message = (payload: string): string => `MSG bench.00017 17 ${payload.length}\r\n${payload}\r\n`;

describe('NatsParser', () => {
  it('reads operations however they are cut, and nothing out of payloads', () => {
    const operation = fc.oneof(
      fc.constant({ text: 'PING\r\n', heard: ['ping'] }),
      fc.constant({ text: 'PONG\r\n', heard: ['pong'] }),
      fc.constant({ text: '+OK\r\n', heard: [] }),
      fc
        .string({ unit: fc.constantFrom('a', '\r\n', 'PING\r\n', '-ERR\r\n', ' 7'), maxLength: 30 })
        .map((payload) => ({ text: message(payload), heard: ['message'] })),
    );
    fc.assert(
      fc.property(fc.array(operation), fc.integer({ min: 1, max: 100 }), (operations, size) => {
        const stream = INFO + operations.map(({ text }) => text).join('');
        expect(parse(stream, size)).toEqual(operations.flatMap(({ heard }) => heard));
      }),
    );
  });

  it.each([1, 64 * 1024])('refuses what a server says against us (pieces of %i)', (size) => {
    expect(() => parse(`${INFO}-ERR 'Authorization Violation'\r\n`, size)).toThrow('Authorization Violation');
    expect(() => parse('HTTP/1.1 400 Bad Request\r\n', size)).toThrow('HTTP/1.1');
  });

  it('refuses a line without end', () => {
    expect(() => parse('I'.repeat(70_000), 1_000)).toThrow('too long');
  });
});
