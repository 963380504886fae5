import { describe, expect, it } from 'vitest';
import { requestSchema } from '#clarion/protocol';
import { readMessage } from './message.js';

/** What the client would be told. */
function refusal(text: string): { id: unknown; code: string } {
  const message = readMessage(Buffer.from(text));
  if (!('error' in message)) throw new Error('was read');
  return { id: message.id, code: message.error.code };
}

describe('a message', () => {
  it('is an operation, an id, and the members of the operation', () => {
    expect(readMessage(Buffer.from('{"op":"subscribe","id":"a","topics":["é"]}'))).toEqual({
      id: 'a',
      op: 'subscribe',
      body: { topics: ['é'] },
      bytes: 43,
    });
    expect(readMessage(Buffer.from('{"op":"ping","id":-7}'))).toEqual({ id: -7, op: 'ping', body: {}, bytes: 21 });
  });

  it('is one exactly when the schema says so', () => {
    const names = [
      '',
      'x',
      'x'.repeat(64),
      'x'.repeat(65),
      'é'.repeat(64),
      '😀'.repeat(32),
      '😀'.repeat(33),
      7,
      null,
      [],
      {},
      true,
    ];
    const ids = [...names, -0, -7, 1.5, 2 ** 53 - 1, 2 ** 53, 1e300];
    for (const op of names)
      for (const id of ids) {
        const read = readMessage(Buffer.from(JSON.stringify({ op, id, more: 1 })));
        expect('error' in read, JSON.stringify({ op, id })).toBe(!requestSchema.safeParse({ op, id }).success);
      }
  });

  it('that is not JSON has no id', () => {
    for (const text of ['', '{', 'null,', '{"op":"ping","id":1}x'])
      expect(refusal(text)).toEqual({ id: null, code: 'json.invalid' });
  });

  it('that could change prototypes, or is too deep, is refused under its id', () => {
    for (const member of [
      '"__proto__":{}',
      '"constructor":{"prototype":{}}',
      `"data":${'['.repeat(64)}${']'.repeat(64)}`,
    ])
      expect(refusal(`{"id":1,"op":"ping",${member}}`)).toEqual({ id: 1, code: 'json.invalid' });
  });

  it('that is not a request is answered under its id if it has one', () => {
    expect(refusal('{"id":"a"}')).toEqual({ id: 'a', code: 'body.invalid' });
    expect(refusal('{"id":9,"op":7}')).toEqual({ id: 9, code: 'body.invalid' });
    for (const text of ['null', '"x"', '[]', '{"op":"ping"}', '{"op":"ping","id":1.5}', '{"op":"ping","id":""}'])
      expect(refusal(text)).toEqual({ id: null, code: 'body.invalid' });
  });
});
