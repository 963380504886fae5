import { expect, test } from 'vitest';
import { InProcessEventBus } from '#clarion/event-bus';
import { NotificationLog } from '#clarion/notifications';
import type { Selector } from '#clarion/protocol';
import { MemoryStore } from '../test/memory-store.js';
import { Interest } from './interest.js';
import { LogPages } from './log-pages.js';

async function makeLog(count: number, bytes: number): Promise<NotificationLog> {
  const log = new NotificationLog(
    new MemoryStore(),
    new InProcessEventBus(),
    {
      maxBatch: 10,
      maxWaiting: 1_000,
      maxWaitingBytes: 1e9,
      maxWaitMs: 0,
    },
    (error) => {
      throw error;
    },
  );
  await log.open();
  for (let i = 0; i < count; i++)
    await log.append({
      id: `n${i}`,
      entry: { topics: [i % 2 === 0 ? 'even' : 'odd'], publishedAt: 1, body: 'x'.repeat(bytes) },
    });
  return log;
}

function interestIn(...selectors: string[]): Interest {
  const interest = new Interest({ offer: () => undefined });
  for (const selector of selectors) interest.add({ selector: selector as Selector, historyFrom: 0 });
  return interest;
}

const LIMITS = { maxBytes: 16_777_216, sharedReach: 4_096, maxFlights: 4 };

test('a thousand readers of one range cost one read of the log', async () => {
  const log = await makeLog(20, 10);
  const pages = new LogPages(log, LIMITS);
  const interests = [interestIn('even'), interestIn('odd'), interestIn('**')];
  const read = await Promise.all(
    Array.from({ length: 1_000 }, (_, i) =>
      pages.read(1 + (i % 10), interests[i % 3]!, log.head, { limit: 256, maxBytes: 65_536 }),
    ),
  );
  expect(pages.reads).toBe(1);
  expect(read[2]!.views.map(({ event }) => event.offset)).toEqual(Array.from({ length: 18 }, (_, i) => i + 4));
  expect(read.every(({ through }) => through === log.head)).toBe(true);
});

test('pages of large bodies are walked in parts, and always move on', async () => {
  const log = await makeLog(8, 700_000);
  const pages = new LogPages(log, { ...LIMITS, maxBytes: 0 });
  const seen: number[] = [];
  for (let after = 4; after < log.head;) {
    const page = await pages.read(after, interestIn('**'), log.head, { limit: 256, maxBytes: 65_536 });
    expect(page.through).toBeGreaterThan(after);
    seen.push(...page.views.map(({ event }) => event.offset!));
    after = page.through;
  }
  expect(seen).toEqual([5, 6, 7, 8, 9]);
});

test('no more reads than allowed are under way at once', async () => {
  const log = await makeLog(20, 10);
  let now = 0;
  let most = 0;
  const counted = new Proxy(log, {
    get: (target, name) =>
      name !== 'read'
        ? Reflect.get(target, name, target)
        : async (request: Parameters<NotificationLog['read']>[0]) => {
            most = Math.max(most, ++now);
            const result = await target.read(request);
            now--;
            return result;
          },
  });
  const pages = new LogPages(counted, { ...LIMITS, sharedReach: 0 });
  await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      pages.read(i % 15, interestIn(`t${i}`), log.head, { limit: 256, maxBytes: 65_536 }),
    ),
  );
  expect(most).toBe(4);
});
