import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseUnambiguous } from './unambiguous-json.js';

const parse = (text: string): unknown => parseUnambiguous(Buffer.from(text));

it('reads whatever JSON writes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat({ max: 2 }), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      expect(parse(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 2_000 },
  );
});

it('sees a name that is repeated, whatever stands around it', () => {
  const inner = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
  fc.assert(
    fc.property(inner, fc.array(fc.constantFrom('[', '{"a:\\"":'), { maxLength: 5 }), (object, around) => {
      const [name = '', value] = Object.entries(object)[0] ?? [];
      const repeated = `{${JSON.stringify(name)}:${JSON.stringify(value)},${JSON.stringify(object).slice(1)}`;
      const closing = around.map((opening) => (opening === '[' ? ']' : '}')).toReversed();
      expect(parse([...around, repeated, ...closing].join(''))).toBeUndefined();
    }),
    { numRuns: 1_000 },
  );
});

it.each([
  ['{"a":1,"a":1}', undefined],
  ['{"a":1,"\\u0061":1}', undefined],
  ['{"a":{"b":1},"a":{"c":2}}', undefined],
  ['[{"a":{"b":[{"c":1,"c":2}]}}]', undefined],
  ['{"__proto__":1,"__proto__":2}', undefined],
  ['{"":1,"":2}', undefined],
  ['{"a":"\\":","b":":"}', { a: '":', b: ':' }],
  ['{"a":[{"b":1},{"b":1}]}', { a: [{ b: 1 }, { b: 1 }] }],
  ['{"a":1', undefined],
  ['', undefined],
])('%s', (text, expected) => {
  expect(parse(text)).toEqual(expected);
});

it('refuses what is no UTF-8', () => {
  expect(parseUnambiguous(Buffer.from([0x22, 0xff, 0x22]))).toBeUndefined();
});

it('minds no depth', () => {
  expect(parse(`${'[['.repeat(50_000)}${']]'.repeat(50_000)}`)).toBeDefined();
});
