import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import type { InboxScope, LogAct } from '#clarion/notifications';
import { changeBody } from '#clarion/notifications/people';
import { SqliteStore } from '#clarion/store-sqlite';

const USER = 'u-1';
const TOPICS = ['users/u-1', 'news'];
const NOW = 1_800_000_000_000;
/** So many, each by two topics and read by itself, that to count them takes longer than what need not be remembered. */
const MANY = 10_000;
const AT_ONCE = 500;

async function act(store: SqliteStore, said: LogAct): Promise<void> {
  const [result] = await store.append([{ id: 'act', entry: null, act: said }]);
  expect(result).toMatchObject({ outcome: 'acted' });
}

async function fill(store: SqliteStore): Promise<InboxScope> {
  const body = changeBody({ change: 'followed', at: '' });
  await act(store, { kind: 'follow', user: USER, topic: 'news', at: NOW, body });
  for (let from = 0; from < MANY; from += AT_ONCE) {
    const ids = Array.from({ length: AT_ONCE }, (_, i) => `n-${from + i}`);
    const entry = { topics: TOPICS, publishedAt: NOW, body: '"title":"x"' };
    await store.append(ids.map((id) => ({ id, entry })));
    await act(store, read(ids));
  }
  const sources = TOPICS.map((topic) => ({ topic, after: 0, upTo: null, publishedFrom: 0 }));
  return { user: USER, sources, hiddenCategories: [], now: NOW };
}

function read(ids: string[]): LogAct {
  const body = changeBody({ change: 'marked', mark: { state: 'read', ids }, at: '' });
  return { kind: 'mark', user: USER, at: NOW, body, state: 'read', undo: false, until: null, target: { ids } };
}

test('after a restart the summary of a large inbox is known from the file, as it was when the store was closed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-summary-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'log.db');
  const first = new SqliteStore({ file });
  await first.open();
  const scope = await fill(first);
  await first.append([{ id: 'new', entry: { topics: TOPICS, publishedAt: NOW, body: '"title":"x"' } }]);
  expect(await first.people.counts(scope)).toEqual({ unread: 1, unseen: 1 });
  // At once: what waits to be written is written before the file is closed.
  await first.close();

  const database = new Database(file);
  // Nobody counts that: whoever says so has it from here.
  expect(database.prepare("UPDATE remembered SET unread = '[2,3,4]' WHERE user = ?").run(USER).changes).toBe(1);
  database.close();

  const second = new SqliteStore({ file });
  await second.open();
  onTestFinished(() => second.close());
  expect(await second.people.counts(scope)).toEqual({ unread: 3, unseen: 1 });
  await act(second, { kind: 'erase', user: USER, at: NOW });
  expect(await second.people.counts(scope)).toEqual({ unread: 1_001, unseen: 1_001 });
});
