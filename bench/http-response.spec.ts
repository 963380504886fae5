import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpResponseReader } from './http-response.js';

/** What the reader reports of a stream cut into pieces of `size` bytes: each status, body and end, as lines. */
function read(stream: string, size: number): string[] {
  const heard: string[] = [];
  let body = '';
  const reader = new HttpResponseReader({
    onHead: (status) => void heard.push(String(status)),
    onBody: (slice) => void (body += slice.toString('latin1')),
    onEnd: () => {
      heard.push(body);
      body = '';
    },
  });
  const bytes = Buffer.from(stream, 'latin1');
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return body === '' ? heard : [...heard, `${body}…`];
}

const sized = (body: string): string => `HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (chunks: readonly string[]): string =>
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n' +
  chunks.map((chunk) => `${chunk.length.toString(16)};note=x\r\n${chunk}\r\n`).join('') +
  '0\r\nTrailer: z\r\n\r\n';

describe('HttpResponseReader', () => {
  it('reads sized and chunked bodies one after another, however they are cut', () => {
    const bodies = fc.array(
      fc.tuple(
        fc.boolean(),
        fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }), { maxLength: 5 }),
      ),
    );
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 200 }), (responses, size) => {
        const stream = responses
          .map(([isChunked, parts]) => (isChunked ? chunked(parts) : sized(parts.join(''))))
          .join('');
        expect(read(stream, size)).toEqual(responses.flatMap(([, parts]) => ['200', parts.join('')]));
      }),
    );
  });

  it.each([1, 7, 1_000])('passes the body on as it comes (pieces of %i)', (size) => {
    const open = chunked(['data: 1\n\n', 'data: 2\n\n']).split('0\r\nTrailer')[0] ?? '';
    expect(read(open, size)).toEqual(['200', 'data: 1\n\ndata: 2\n\n…']);
  });

  it('knows responses without a body, without a length, and those that only announce another', () => {
    expect(read('HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n', 9)).toEqual([
      '204',
      '',
      '202',
      '',
    ]);
    expect(read('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nall the rest', 5)).toEqual([
      '100',
      '200',
      'all the rest…',
    ]);
  });

  it('says which answer is the last of its connection', () => {
    const last: boolean[] = [];
    const reader = new HttpResponseReader({
      onHead: (_, willClose) => void last.push(willClose),
      onBody: () => undefined,
      onEnd: () => undefined,
    });
    reader.push(Buffer.from(sized('a') + sized('b').replace('X: y', 'connection: close')));
    expect(last).toEqual([false, true]);
  });

  it.each(['nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'])(
    'refuses %j',
    (stream) => {
      expect(() => read(stream, 4)).toThrow(/not/);
    },
  );

  it('refuses a head without end', () => {
    expect(() => read(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(20_000)}`, 100)).toThrow('too large');
  });
});
