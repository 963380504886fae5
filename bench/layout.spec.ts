import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topicOf, topicsOf, topicText, type TopicSpread } from './layout.js';

const spreads: fc.Arbitrary<TopicSpread> = fc
  .record({ topics: fc.integer({ min: 1, max: 60 }), topicsPerReader: fc.integer({ min: 1, max: 8 }) })
  .filter(({ topics, topicsPerReader }) => topicsPerReader === 1 || topicsPerReader <= topics);

describe('topicsOf', () => {
  it('gives each reader as many different topics as wanted, ascending', () => {
    fc.assert(
      fc.property(spreads, fc.nat(100_000), (spread, reader) => {
        const own = topicsOf(reader, spread);
        expect(new Set(own).size).toBe(spread.topicsPerReader);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
        expect(own.every((topic) => topic >= 0 && topic < spread.topics)).toBe(true);
      }),
    );
  });

  it('gives each topic equally many of as many readers as there are topics', () => {
    fc.assert(
      fc.property(spreads, fc.nat(100), (spread, round) => {
        const readers = Array.from({ length: spread.topics }, (_, index) => round * spread.topics + index);
        const counts = Array.from({ length: spread.topics }, () => 0);
        for (const topic of readers.flatMap((reader) => topicsOf(reader, spread))) counts[topic]! += 1;
        expect(counts).toEqual(counts.map(() => spread.topicsPerReader));
      }),
    );
  });

  it('mixes the topics of readers: few of a thousand have all three of thirty in common', () => {
    const spread = { topics: 30, topicsPerReader: 3 };
    const combinations = Array.from({ length: 1_000 }, (_, reader) => topicsOf(reader, spread).join());
    expect(new Set(combinations).size).toBe(400);
  });

  it('refuses more topics than there are', () => {
    expect(() => topicsOf(0, { topics: 2, topicsPerReader: 3 })).toThrow(RangeError);
  });
});

it('a lane goes round all topics, beginning at its own number', () => {
  expect([1, 2, 3, 4, 5].map((sequence) => topicOf(1, sequence, 3))).toEqual([1, 2, 0, 1, 2]);
});

it('the text of every topic is equally long', () => {
  expect([topicText(0), topicText(4_999)]).toEqual(['00000', '04999']);
});
