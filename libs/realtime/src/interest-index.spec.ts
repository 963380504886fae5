import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matches, type Selector, type Topic } from '#clarion/protocol';
import { InterestIndex } from './interest-index.js';

const segment = fc.constantFrom('a', 'b', 'users', '$sys');
const topic = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/') as Topic);
const selector = fc
  .tuple(fc.array(fc.oneof(segment, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([segments, rest]) => [...segments, ...(rest ? ['**'] : [])].join('/') as Selector);

function readersOf(index: InterestIndex<number>, of: Topic): Set<number> {
  const readers = new Set<number>();
  index.forEachReader(of, (reader) => readers.add(reader));
  return readers;
}

test('the index finds exactly the readers whose selectors match, also after some have gone', () => {
  fc.assert(
    fc.property(
      fc.array(selector, { maxLength: 20 }),
      fc.array(fc.nat(19)),
      fc.array(topic, { minLength: 1 }),
      (selectors, gone, topics) => {
        const index = new InterestIndex<number>();
        selectors.forEach((wanted, reader) => index.add(wanted, reader));
        for (const reader of gone) if (selectors[reader] !== undefined) index.delete(selectors[reader], reader);
        for (const of of topics) {
          const expected = selectors.flatMap((wanted, reader) =>
            !gone.includes(reader) && matches(wanted, of) ? [reader] : [],
          );
          expect([...readersOf(index, of)].sort()).toEqual(expected.sort());
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('an index that everybody left is empty again', () => {
  const index = new InterestIndex<number>();
  const selectors = ['a/b', 'a/*', '**', '*/c/**'] as Selector[];
  for (const wanted of selectors) index.add(wanted, 1);
  for (const wanted of selectors) index.delete(wanted, 1);
  expect(index.exactTopics).toBe(0);
  expect(index.isEmpty).toBe(true);
});

test('looking a topic up costs the same whatever others read', () => {
  const crowded = new InterestIndex<number>();
  for (let i = 0; i < 20_000; i++) {
    crowded.add(`rooms/${i}/*` as Selector, i);
    crowded.add(`rooms/${i}/chat` as Selector, i);
  }
  let visits = 0;
  crowded.forEachReader('rooms/77/chat' as Topic, () => visits++);
  expect(visits).toBe(2);
});
