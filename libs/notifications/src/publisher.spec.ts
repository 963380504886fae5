import { beforeEach, describe, expect, it } from 'vitest';
import { Access, accessConfigSchema, ANONYMOUS, APPLICATION } from '#clarion/access';
import { InProcessEventBus } from '#clarion/event-bus';
import { parsePublish, type PublishRequest } from '#clarion/protocol';
import { MemoryAccessStore } from '../../../test/support/memory-access-store.js';
import { NotificationLog } from './notification-log.js';
import { CategoryBook } from './people/category-book.js';
import { Publisher } from './publisher.js';
import type { PushSchedule } from './push/push-schedule.js';
import type { AppendRequest, AppendResult, NotificationStore } from './store.js';

const appended: AppendRequest[] = [];
let publisher: Publisher;
let categories: CategoryBook;
let relayed: number;
const expected: number[] = [];

/** What says `later` is pushed a second later. */
const SCHEDULE: Pick<PushSchedule, 'dueAt' | 'written'> = {
  dueAt: ({ title }, [topic], publishedAt) => (title === 'later' && topic === 'a' ? publishedAt + 1_000 : undefined),
  written: (at) => void expected.push(at),
};

/** All that a publish needs of a store. */
const STORE: NotificationStore = {
  open: async () => ({
    secret: new Uint8Array(32),
    head: 0,
    floor: 0,
    epochs: [{ id: '0'.repeat(16), firstOffset: 1 }],
  }),
  append: async (batch) =>
    batch.map((request): AppendResult => {
      appended.push(request);
      return { outcome: 'appended', id: request.id, offset: appended.length };
    }),
  read: () => Promise.reject(new Error('nobody reads here')),
  history: () => Promise.reject(new Error('nobody reads here')),
  bounds: () => Promise.reject(new Error('nobody asks here')),
  prune: async () => 0,
  close: async () => undefined,
};

beforeEach(async () => {
  appended.length = 0;
  expected.length = 0;
  relayed = 0;
  const bus = new InProcessEventBus();
  bus.subscribe(({ kind }) => {
    if (kind === 'ephemeral') relayed++;
  });
  const limits = { maxBatch: 10, maxWaiting: 10, maxWaitingBytes: 10_000, maxWaitMs: 0 };
  const log = new NotificationLog(STORE, bus, limits, () => undefined);
  await log.open();
  const config = accessConfigSchema.parse({
    apiKey: 'an-api-key-for-tests',
    tokenSecret: 'a-secret-of-at-least-32-bytes-here',
  });
  const access = new Access(config, new MemoryAccessStore(), () => undefined);
  categories = new CategoryBook({
    categories: async () => [],
    putCategory: async () => undefined,
    deleteCategory: async () => undefined,
  });
  publisher = new Publisher(log, bus, access, { takePublish: () => undefined }, categories, SCHEDULE, 1_000);
  await categories.put({ id: 'news', title: 'News', defaults: { live: true, inbox: true, push: true }, locked: [] });
});

function draft(more: object): PublishRequest {
  return parsePublish({ topic: 'a', title: 't', ...more });
}

describe('a publish with a category', () => {
  it('is taken when it was declared', async () => {
    await publisher.publish(APPLICATION, draft({ category: 'news' }));
    expect(appended.map(({ entry }) => entry?.category)).toEqual(['news']);
  });

  it.each([{}, { ephemeral: true }])('is refused when it was not, and nothing of it is kept (%j)', async (more) => {
    for (const category of ['olds', 'constructor'])
      await expect(publisher.publish(APPLICATION, draft({ category, ...more }))).rejects.toMatchObject({
        code: 'category.unknown',
        errors: [{ pointer: '/category' }],
      });
    await categories.delete('news');
    await expect(publisher.publish(APPLICATION, draft({ category: 'news', ...more }))).rejects.toThrow();
    expect([appended, relayed]).toEqual([[], 0]);
    await publisher.drain();
  });

  it('tells nobody which there are who may not publish there', async () => {
    const publish = publisher.publish(ANONYMOUS, draft({ category: 'olds' }));
    await expect(publish).rejects.toMatchObject({ code: 'credentials.missing' });
  });
});

it('a publish without a category needs none to be declared', async () => {
  await categories.delete('news');
  await publisher.publish(APPLICATION, draft({}));
  expect(appended[0]?.entry).not.toHaveProperty('category');
});

it('hands over with a publish when it is to be pushed, and says so once it is on disk', async () => {
  await publisher.publish(APPLICATION, draft({ title: 'later' }));
  await publisher.publish(APPLICATION, draft({ title: 'never' }));
  await publisher.publish(APPLICATION, draft({ title: 'later', ephemeral: true }));
  const due = (appended[0]?.entry?.publishedAt ?? 0) + 1_000;
  expect(appended.map(({ pushAt }) => pushAt)).toEqual([due, undefined]);
  expect(expected).toEqual([due]);
});
