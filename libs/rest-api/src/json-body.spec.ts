import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH } from '#clarion/protocol';
import { parseJsonBody } from './json-body.js';

function parsed(text: string): unknown {
  return parseJsonBody(Buffer.from(text));
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describe('parseJsonBody', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/"(?:__proto__|constructor)"/.test(text));
        expect(parsed(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    '"[[[["',
    '{"a":"}]]\\"]]"}',
    '["\\\\",["x"]]',
    '"\\u005b\\u007b"',
    `"${'['.repeat(1_000)}"`,
    '{"ключ":"значение ≤ 𝄞"}',
  ])('does not count brackets inside strings: %s', (text) => {
    expect(parsed(text)).toEqual(JSON.parse(text));
  });

  it('goes 64 deep and no deeper', () => {
    expect(parsed(nested(MAX_JSON_DEPTH))).toEqual(JSON.parse(nested(64)));
    expect(() => parsed(nested(MAX_JSON_DEPTH + 1))).toThrow('json.invalid: nested deeper than 64');
    expect(() => parsed('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toThrow('json.invalid');
    expect(parsed(`[${'[],'.repeat(10_000)}[]]`)).toHaveLength(10_001);
  });

  it.each([
    ['nothing', ''],
    ['half a document', '{"a":'],
    ['two documents', '{} {}'],
    ['a comment', '{} // x'],
    ['single quotes', "{'a':1}"],
    ['NaN', 'NaN'],
    ['a line break in a string', '"a\nb"'],
    ['NUL in a string', '"a\0b"'],
    ['a closing bracket too many', '[]]'],
    ['10,000 deep', '['.repeat(10_000)],
    ['__proto__', '{"__proto__":{"polluted":true}}'],
    ['__proto__ inside', '{"data":[{"__proto__":1}]}'],
    ['__proto__, escaped', '{"\\u005f_proto__":1}'],
    ['constructor.prototype', '{"constructor":{"prototype":{"polluted":true}}}'],
  ])('refuses %s', (_, text) => {
    expect(() => parsed(text)).toThrow('json.invalid');
  });

  it.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['half a character', [0x22, 0xe2, 0x82, 0x22]],
    ['UTF-16', [...Buffer.from('{}', 'utf16le'), 0xff, 0xfe]],
  ])('refuses %s', (_, bytes) => {
    expect(() => parseJsonBody(Buffer.from(bytes))).toThrow('json.invalid: not UTF-8');
  });

  it('costs one pass, however it is nested', () => {
    const hostile = ['['.repeat(4_000_000), '{"a":['.repeat(600_000), '"\\'.repeat(2_000_000), '[],'.repeat(1_300_000)];
    const started = performance.now();
    for (const text of hostile) expect(() => parsed(text)).toThrow('json.invalid');
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
