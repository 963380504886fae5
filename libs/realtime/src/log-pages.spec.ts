import { expect, test } from 'vitest';
import { InProcessEventBus } from '#clarion/event-bus';
import { NotificationLog } from '#clarion/notifications';
import type { Selector, Topic } from '#clarion/protocol';
import { MemoryStore } from '../test/memory-store.js';
import { amendmentBy, erasureOf } from './amendment.js';
import { Interest } from './interest.js';
import { LogEvent } from './log-event.js';
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

const READ = { limit: 256, maxBytes: 65_536 } as const;

/** The edit of the notification at an offset, as the log tells of it. */
function editOf(log: NotificationLog, about: number, body: string): LogEvent {
  const entry = {
    offset: log.head + 1,
    id: 'n',
    topics: ['even'],
    publishedAt: 1,
    body,
    kind: 'updated',
    about,
  } as const;
  return LogEvent.durable(entry, log.cursorAt(log.head + 1));
}

test.each([0, 4_096])(
  'pages that are kept are in the newest form (shared by who is within %i)',
  async (sharedReach) => {
    const log = await makeLog(20, 10);
    const pages = new LogPages(log, { ...LIMITS, sharedReach });
    await pages.read(1, interestIn('even'), log.head, READ);
    pages.amend(amendmentBy(editOf(log, 4, '"new":1'))!);
    const edited = await pages.read(1, interestIn('even'), log.head, READ);
    expect(pages.reads).toBe(1);
    expect(edited.views.map(({ event }) => event.json('even' as Topic).includes('"new":1'))).toEqual(
      edited.views.map(({ event }) => event.offset === 4),
    );
    pages.amend(erasureOf('even' as Topic));
    expect(await pages.read(1, interestIn('even'), log.head, READ)).toMatchObject({ views: [], through: log.head });
    expect(pages.reads).toBe(1);
  },
);

test('whenever an edit comes while a page is read, the page has it or is known to be of before', async () => {
  for (let microtasks = 0; microtasks < 20; microtasks++) {
    const log = await makeLog(6, 10);
    const pages = new LogPages(log, LIMITS);
    const { read } = log;
    log.read = async (request) => {
      const result = await read.call(log, request);
      void soon(microtasks, () => pages.amend(amendmentBy(editOf(log, 4, '"new":1'))!));
      return result;
    };
    const page = await pages.read(1, interestIn('even'), log.head, READ);
    const isNew = page.views.some(({ event }) => event.json('even' as Topic).includes('"new":1'));
    expect(isNew || page.version !== pages.version || pages.version === 0, `after ${microtasks}`).toBe(true);
  }
});

async function soon(microtasks: number, act: () => void): Promise<void> {
  for (let i = 0; i < microtasks; i++) await undefined;
  act();
}
