import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Selector } from '#clarion/protocol';
import { InterestIndex } from './interest-index.js';
import { Subscription } from './subscription.js';
import { listTopics, type TopicView } from './topic-list.js';

const READER = { offer: () => undefined };
const names = fc.constantFrom('a', 'b', 'b/c', 'b/*', 'b/**', '**', '*/c', 'users/u-1', 'Z', 'a.b', 'b/c/d');

async function allPages(index: InterestIndex, prefix: string, limit: number): Promise<TopicView[]> {
  const all: TopicView[] = [];
  let page: string | undefined;
  do {
    const { topics, nextPage } = await listTopics(index, { prefix, limit, page });
    expect(topics.length).toBeLessThanOrEqual(limit);
    all.push(...topics);
    page = nextPage;
  } while (page !== undefined);
  return all;
}

test('its pages have each selector once with the number of its readers, in the order of the names', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(names, { maxLength: 30 }),
      fc.constantFrom('', 'b', 'b/', 'x'),
      fc.integer({ min: 1, max: 4 }),
      async (read, prefix, limit) => {
        const index = new InterestIndex();
        for (const name of read) index.add(new Subscription(READER, name as Selector, 0));
        const counts = new Map<string, number>();
        for (const name of read) if (name.startsWith(prefix)) counts.set(name, (counts.get(name) ?? 0) + 1);
        const plain = [...counts].map(([topic, connections]) => ({ topic, connections }));
        expect(await allPages(index, prefix, limit)).toEqual(plain.toSorted((a, b) => (a.topic < b.topic ? -1 : 1)));
      },
    ),
  );
});

test('what nobody reads any more is not listed', async () => {
  const index = new InterestIndex();
  const gone = ['a', 'b/*', '**'].map((name) => new Subscription(READER, name as Selector, 0));
  for (const subscription of gone) index.add(subscription);
  for (const subscription of gone) index.delete(subscription);
  expect(await listTopics(index, { limit: 10 })).toEqual({ topics: [] });
});

test('refuses what is no page token', async () => {
  await expect(listTopics(new InterestIndex(), { limit: 10, page: 'AAAA' })).rejects.toMatchObject({
    code: 'query.invalid',
    errors: [{ pointer: '/page' }],
  });
});
