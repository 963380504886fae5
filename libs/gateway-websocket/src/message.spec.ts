import { describe, expect, it } from 'vitest';
import { readMessage } from './message.js';

/** What the client would be told. */
function refusal(text: string): { id: unknown; code: string } {
  const message = readMessage(text);
  if (!('error' in message)) throw new Error('was read');
  return { id: message.id, code: message.error.code };
}

describe('a message', () => {
  it('is an operation, an id, and the members of the operation', () => {
    expect(readMessage('{"op":"subscribe","id":"a","topics":["x"]}')).toEqual({
      id: 'a',
      op: 'subscribe',
      body: { topics: ['x'] },
    });
    expect(readMessage('{"op":"ping","id":-7}')).toEqual({ id: -7, op: 'ping', body: {} });
  });

  it('that is not JSON has no id', () => {
    for (const text of ['', '{', 'null,', '{"op":"ping","id":1}x'])
      expect(refusal(text)).toEqual({ id: null, code: 'json.invalid' });
  });

  it('that could change prototypes is none', () => {
    for (const text of ['{"id":1,"op":"ping","__proto__":{}}', '{"id":1,"op":"ping","constructor":{"prototype":{}}}'])
      expect(refusal(text)).toEqual({ id: null, code: 'json.invalid' });
  });

  it('that is not a request is answered under its id if it has one', () => {
    expect(refusal('{"id":"a"}')).toEqual({ id: 'a', code: 'body.invalid' });
    expect(refusal('{"id":9,"op":7}')).toEqual({ id: 9, code: 'body.invalid' });
    for (const text of ['null', '"x"', '[]', '{"op":"ping"}', '{"op":"ping","id":1.5}', '{"op":"ping","id":""}'])
      expect(refusal(text)).toEqual({ id: null, code: 'body.invalid' });
  });
});
