import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matches, type Selector, type Topic } from '#clarion/protocol';
import { InterestIndex } from './interest-index.js';
import { Subscription, type Receiver } from './subscription.js';

const segment = fc.constantFrom('a', 'b', 'users', '$sys');
const topic = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/') as Topic);
const selector = fc
  .tuple(fc.array(fc.oneof(segment, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([segments, rest]) => [...segments, ...(rest ? ['**'] : [])].join('/') as Selector);

const reader: Receiver = { offer: () => undefined };
const of = (wanted: string): Subscription => new Subscription(reader, wanted as Selector, 0);

test('the index finds exactly those whose selectors match, each once, also after some have gone', () => {
  fc.assert(
    fc.property(
      fc.array(selector, { maxLength: 20 }),
      fc.array(fc.nat(19)),
      fc.array(topic, { minLength: 1 }),
      (selectors, gone, topics) => {
        const index = new InterestIndex();
        const all = selectors.map(of);
        for (const subscription of all) index.add(subscription);
        const left = new Set(gone.flatMap((i) => all[i] ?? []));
        for (const subscription of left) index.delete(subscription);
        for (const read of topics) {
          const expected = all.filter((own) => !left.has(own) && matches(own.selector, read));
          const found = index.readersOf(read).flat();
          expect(found).toHaveLength(expected.length);
          expect(new Set(found)).toEqual(new Set(expected));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('an index that everybody left is empty again', () => {
  const index = new InterestIndex();
  const subscriptions = ['a/b', 'a/*', '**', '*/c/**'].map(of);
  for (const subscription of subscriptions) index.add(subscription);
  for (const subscription of subscriptions) index.delete(subscription);
  expect(index.exactTopics).toBe(0);
  expect(index.isEmpty).toBe(true);
});

test('looking a topic up costs the same whatever others read', () => {
  const crowded = new InterestIndex();
  for (let i = 0; i < 20_000; i++) {
    crowded.add(of(`rooms/${i}/*`));
    crowded.add(of(`rooms/${i}/chat`));
  }
  expect(crowded.readersOf('rooms/77/chat' as Topic).flat()).toHaveLength(2);
});
