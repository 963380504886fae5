import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppendRequest, InboxScope, LogAct } from '#clarion/notifications';
import { SqliteStore } from '#clarion/store-sqlite';
import { entryBody } from './entries.js';

/** What an inbox of 10,000 costs, by how many topics it comes: `node dist/bench/store/inbox-figures.js`. Milliseconds, the way to the thread and back included. */
const NOTIFICATIONS = 10_000;
const NOW = 1_800_000_000_000;
const REPEATS = 200;
const [USER, OWN] = ['u', 'users/u'];

class InboxFigures {
  readonly #store: SqliteStore;
  readonly #topics: readonly string[];
  #acts = 0;

  constructor(file: string, topics: number) {
    this.#store = new SqliteStore({ file });
    this.#topics = Array.from({ length: topics }, (_, i) => `topic/${i}`);
  }

  async measure(): Promise<string> {
    await this.#store.open();
    for (const topic of this.#topics) await this.#act({ kind: 'follow', user: USER, at: NOW, body: '"at":0', topic });
    const middle = await this.#publishAll();
    await this.#markAll(middle);
    const follows = await this.#store.people.follows(USER);
    const sources = [{ topic: OWN, from: 0 }, ...follows].map(({ topic, from }) => ({
      topic,
      after: from,
      upTo: null,
      publishedFrom: 0,
    }));
    const scope: InboxScope = { user: USER, sources, hiddenCategories: ['ads'], now: NOW + 1 };
    const counts = await timesOf(() => this.#store.people.counts(scope));
    const page = await timesOf(() => this.#store.people.inbox({ ...scope, filter: 'inbox', limit: 50 }));
    await this.#store.close();
    return `${this.#topics.length} topics: counts ${counts}, a page of 50 ${page}`;
  }

  /** Half to the person, half to the topics. @returns an offset in the middle. */
  async #publishAll(): Promise<number> {
    let middle = 0;
    for (let from = 0; from < NOTIFICATIONS; from += 500) {
      const batch = Array.from({ length: 500 }, (_, i) => this.#notification(from + i));
      const [first] = await this.#store.append(batch);
      if (from === NOTIFICATIONS / 2 && first?.outcome === 'appended') middle = first.offset ?? 0;
    }
    return middle;
  }

  #notification(number: number): AppendRequest {
    const topic = number % 2 === 0 ? OWN : this.#topics[(number >> 1) % this.#topics.length];
    return {
      id: `n-${number}`,
      entry: { topics: [topic ?? OWN], publishedAt: NOW, body: entryBody, category: 'chat' },
    };
  }

  /** The older half up to a cursor, the newer one by one. */
  async #markAll(middle: number): Promise<void> {
    await this.#mark({ upTo: middle - 1, topic: null });
    for (let from = NOTIFICATIONS / 2; from < NOTIFICATIONS; from += 500)
      await this.#mark({ ids: Array.from({ length: 500 }, (_, i) => `n-${from + i}`) });
  }

  #mark(target: Extract<LogAct, { kind: 'mark' }>['target']): Promise<void> {
    return this.#act({
      kind: 'mark',
      user: USER,
      at: NOW,
      body: '"at":0',
      state: 'read',
      undo: false,
      until: null,
      target,
    });
  }

  async #act(act: LogAct): Promise<void> {
    const [result] = await this.#store.append([{ id: `a-${++this.#acts}`, entry: null, act }]);
    if (result?.outcome !== 'acted') throw new Error(`refused: ${JSON.stringify(result)}`);
  }
}

/** Median, 99th percentile, and what one call takes of all threads together: on a busy machine that alone says something. */
async function timesOf(call: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < 20; i++) await call();
  const before = process.cpuUsage();
  for (let i = 0; i < REPEATS; i++) {
    const startedAt = performance.now();
    await call();
    times.push(performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const at = (share: number): string => times[Math.floor(share * REPEATS)]?.toFixed(2) ?? '';
  return `p50 ${at(0.5)} p99 ${at(0.99)} (CPU ${((user + system) / 1_000 / REPEATS).toFixed(2)})`;
}

const directory = mkdtempSync(join(tmpdir(), 'clarion-inbox-'));
try {
  for (const topics of [3, 300, 1_000])
    process.stdout.write(`${await new InboxFigures(join(directory, `${topics}.db`), topics).measure()}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
