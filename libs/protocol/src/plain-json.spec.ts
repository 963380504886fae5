import { describe, expect, it } from 'vitest';
import { assertPlainJson, MAX_JSON_DEPTH } from './plain-json.js';

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const inObjects = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);

describe('a value that was parsed elsewhere', () => {
  it('may be any JSON', () => {
    for (const value of [null, 1, 'x', true, undefined, [], {}, { a: [{ b: null }], constructor: 'x', proto: {} }])
      expect(() => assertPlainJson(value)).not.toThrow();
  });

  it('may be as deep as a request body', () => {
    for (const make of [nested, inObjects]) {
      expect(() => assertPlainJson(make(MAX_JSON_DEPTH))).not.toThrow();
      for (const depth of [MAX_JSON_DEPTH + 1, 100_000])
        expect(() => assertPlainJson(make(depth))).toThrow('json.invalid: nested deeper than 64');
    }
  });

  it.each([
    '{"__proto__":{}}',
    '{"__proto__":1}',
    '{"a":[{"__pro\\u0074o__":{"b":1}}]}',
    '{"constructor":{"prototype":{}}}',
    '{"a":{"constructor":{"prototype":null}}}',
  ])('that could change prototypes is refused: %s', (text) => {
    expect(() => assertPlainJson(JSON.parse(text))).toThrow('json.invalid: a forbidden key');
  });

  it('holds no bytes and nothing else that JSON does not have', () => {
    for (const value of [Buffer.from('x'), { data: new Uint8Array(1) }, [new Map()], new Date(0)])
      expect(() => assertPlainJson(value)).toThrow('json.invalid: binary data');
  });
});
