import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MarkScanner, markedPayload, MAX_LANES, writeMark } from './mark.js';

type Mark = readonly [lane: number, sequence: number, scheduledMicros: number];

const marks: fc.Arbitrary<Mark> = fc.tuple(
  fc.integer({ min: 0, max: MAX_LANES - 1 }),
  fc.integer({ min: 1, max: 99_999_999 }),
  fc.integer({ min: 0, max: 999_999_999_999_999 }),
);
/** What a server puts around messages: of any length, and with a lone `@` as people's topics may have it. */
const surroundings = fc.string({ unit: fc.constantFrom('a', ' ', '@ ', '\n', '{'), maxLength: 90 });

function message(mark: Mark): Buffer {
  const bytes = Buffer.from(markedPayload(60));
  writeMark(bytes, bytes.indexOf('@@'), ...mark);
  return bytes;
}

/** The marks that a scanner reports when the stream is cut at these places. */
function scan(stream: Buffer, cuts: readonly number[]): Mark[] {
  const found: Mark[] = [];
  const scanner = new MarkScanner((...mark) => found.push(mark));
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].toSorted((a, b) => a - b);
  for (const [index, place] of places.slice(1).entries()) scanner.push(stream.subarray(places[index], place));
  return found;
}

describe('marks', () => {
  it('are found once each, in order, however the stream is cut', () => {
    const parts = fc.array(fc.tuple(surroundings, marks), { maxLength: 20 });
    fc.assert(
      fc.property(parts, fc.array(fc.nat(), { maxLength: 40 }), (messages, cuts) => {
        const stream = Buffer.concat(messages.flatMap(([around, mark]) => [Buffer.from(around), message(mark)]));
        expect(scan(stream, cuts)).toEqual(messages.map(([, mark]) => mark));
      }),
      { numRuns: 500 },
    );
  });

  it('are found when the stream comes byte by byte', () => {
    const stream = Buffer.concat([message([1, 2, 3]), message([4, 5, 6])]);
    expect(scan(stream, [...stream.keys()])).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('are in JSON of exactly the wanted length', () => {
    const payload = markedPayload(200);
    expect(Buffer.byteLength(payload)).toBe(200);
    expect(JSON.stringify(JSON.parse(payload))).toBe(payload);
    expect(() => markedPayload(20)).toThrow(RangeError);
  });
});
