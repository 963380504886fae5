import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppendRequest, InboxScope, LogAct } from '#clarion/notifications';
import { changeBody } from '#clarion/notifications/people';
import { SqliteStore } from '#clarion/store-sqlite';
import { entryBody } from './entries.js';

/**
 * What an inbox of 10,000 costs, by how many topics it comes, and when each notification is seen by several of them:
 * `node dist/bench/store/inbox-figures.js`. Milliseconds, the way to the thread and back included. A summary reads first what is followed. The last line
 * says how steady the machine was.
 */
const NOTIFICATIONS = 10_000;
const NOW = 1_800_000_000_000;
const AT = new Date(NOW).toISOString();
/** Each inbox has threads of its own, whose code is compiled meanwhile: of the first 1,500 calls one in fifty takes 2–5 ms, then one in a hundred until some thousands were made. */
const WARM_UP = {
  counts: 1_500,
  summary: 8_000,
  page: 1_500,
  ofAnother: 3_000,
  summaryAfterAll: 1_500,
  muchCame: 1_000,
};
const REPEATS = 1_000;
/** Each time after so much came: more than is looked at one by one. */
const MUCH = { came: 200, repeats: 500 };
const [USER, OWN] = ['u', 'users/u'];

/** An inbox, and what was said of it. */
interface Shape {
  readonly name: string;
  /** Followed. */
  readonly topics: readonly string[];
  topicsOf(number: number): readonly string[];
  readonly marks: readonly Mark[];
  readonly collapseKeys?: number;
  /** So many for others lie before each of it in the log. */
  readonly others?: number;
}

/** Of the first `upTo` notifications by one topic (null: by all), or of those from `from` on one by one. */
type Mark = { readonly upTo: number; readonly topic: string | null } | { readonly from: number };

const HALF = NOTIFICATIONS / 2;

/** Half to the person and half to topics; of these the older half is marked up to a cursor, the newer one by one. */
function alone(count: number): Shape {
  const topics = topicNames(count);
  return {
    name: count === 1 ? '1 topic' : `${count} topics`,
    topics,
    topicsOf: (number) => [number % 2 === 0 ? OWN : (topics[(number >> 1) % count] ?? OWN)],
    marks: [{ upTo: HALF, topic: null }, { from: HALF }],
  };
}

/** All of it to the person and to one of the topics. */
function shared(name: string, marks: readonly Mark[], count = 1): Shape {
  const topics = topicNames(count);
  return { name: `shared, ${name}`, topics, topicsOf: (number) => [topics[number % count] ?? OWN, OWN], marks };
}

const [TOPIC, OTHER] = ['topic/0', 'topic/1'];
const ALL = { upTo: NOTIFICATIONS };

const SHAPES: readonly Shape[] = [
  ...[1, 3, 300, 1_000].map(alone),
  { ...alone(3), name: '3 topics, among fifty times as much for others', others: 50 },
  shared('nothing marked', []),
  shared('read in the topic', [{ ...ALL, topic: TOPIC }]),
  shared('read in their own topic', [{ ...ALL, topic: OWN }]),
  shared('half read in the topic', [{ upTo: HALF, topic: TOPIC }]),
  shared('half read in the topic, half one by one', [{ upTo: HALF, topic: TOPIC }, { from: HALF }]),
  shared('all read one by one', [{ from: 0 }]),
  shared('by 300 topics, read in their own topic', [{ ...ALL, topic: OWN }], 300),
  {
    name: 'shared by three, read in one of them',
    topics: [TOPIC, OTHER],
    topicsOf: () => [TOPIC, OTHER, OWN],
    marks: [{ ...ALL, topic: TOPIC }],
  },
  { ...shared('of 2,000 collapse keys, nothing marked', []), collapseKeys: 2_000 },
];

class InboxFigures {
  readonly #store: SqliteStore;
  readonly #shape: Shape;
  readonly #offsets: number[] = [];
  #acts = 0;
  #changes = 0;
  #published = NOTIFICATIONS;

  constructor(file: string, shape: Shape) {
    this.#store = new SqliteStore({ file });
    this.#shape = shape;
  }

  async measure(): Promise<string> {
    await this.#store.open();
    const { name, topics, marks } = this.#shape;
    for (const topic of topics) await this.#act({ kind: 'follow', user: USER, at: NOW, body: '"at":0', topic });
    await this.#publishAll();
    for (const mark of marks) await this.#mark(mark);
    const follows = await this.#store.people.follows(USER);
    const sources = [{ topic: OWN, from: 0 }, ...follows].map(({ topic, from }) => ({
      topic,
      after: from,
      upTo: null,
      publishedFrom: 0,
    }));
    const scope: InboxScope = { user: USER, sources, hiddenCategories: ['ads'], now: NOW + 1 };
    let asked = 0;
    // Another inbox each time is never remembered.
    const anew = await timesOf(WARM_UP.counts, () =>
      this.#store.people.counts({ ...scope, hiddenCategories: ['ads', String(++asked)] }),
    );
    const summary = async (): Promise<void> => {
      await this.#store.people.follows(USER);
      await this.#store.people.counts(scope);
    };
    const again = await timesOf(WARM_UP.summary, summary, () => this.#change());
    // Whenever somebody is erased, readers forget what they remember: then they know what is in the file, as one that begins.
    const ofAnother = await timesOf(WARM_UP.ofAnother, summary, async () => {
      await this.#change();
      await this.#store.people.flush();
      await this.#act({ kind: 'erase', user: 'nobody', at: NOW });
    });
    const page = await timesOf(WARM_UP.page, () => this.#store.people.inbox({ ...scope, filter: 'inbox', limit: 50 }));
    // The last, since it reads all.
    const afterAll = await timesOf(WARM_UP.summaryAfterAll, summary, () => this.#readAll());
    const afterMuch = await timesOf(
      WARM_UP.muchCame,
      summary,
      async () => {
        await this.#readAll();
        await summary();
        await this.#store.append(Array.from({ length: MUCH.came }, () => this.#notification(++this.#published)));
      },
      MUCH.repeats,
    );
    await this.#store.close();
    return `${name}: counts anew ${anew}, a summary after a change ${again}, of a reader that begins ${ofAnother}, after all is read up to a cursor ${afterAll}, after ${MUCH.came} more came ${afterMuch}, a page of 50 ${page}`;
  }

  /** One notification more; or that one is read. */
  async #change(): Promise<void> {
    if (this.#changes++ % 2 === 1) return this.#read({ ids: [`n-${this.#published}`] });
    await this.#store.append([this.#notification(++this.#published)]);
  }

  /** One more, and all up to that is read. */
  async #readAll(): Promise<void> {
    const [result] = await this.#store.append([this.#notification(++this.#published)]);
    if (result?.outcome === 'appended') await this.#read({ upTo: result.offset ?? 0, topic: null });
  }

  async #publishAll(): Promise<void> {
    for (let from = 0; from < NOTIFICATIONS; from += 500) {
      const batch = Array.from({ length: 500 }, (_, i) => this.#withOthers(from + i)).flat();
      for (const result of await this.#store.append(batch))
        if (result.outcome === 'appended' && result.id.startsWith('n-')) this.#offsets.push(result.offset ?? 0);
    }
  }

  #withOthers(number: number): AppendRequest[] {
    const { others = 0 } = this.#shape;
    const entry = { topics: [`other/${number % 100}`], publishedAt: NOW, body: entryBody };
    const beside = Array.from({ length: others }, (_, i): AppendRequest => ({ id: `o-${number}-${i}`, entry }));
    return [...beside, this.#notification(number)];
  }

  #notification(number: number): AppendRequest {
    const { topicsOf, collapseKeys } = this.#shape;
    const key = collapseKeys === undefined ? {} : { collapseKey: `k-${number % collapseKeys}` };
    const entry = { topics: topicsOf(number), publishedAt: NOW, body: entryBody, category: 'chat', ...key };
    return { id: `n-${number}`, entry };
  }

  async #mark(mark: Mark): Promise<void> {
    if ('upTo' in mark) return this.#read({ upTo: this.#offsets[mark.upTo - 1] ?? 0, topic: mark.topic });
    for (let from = mark.from; from < NOTIFICATIONS; from += 500)
      await this.#read({ ids: Array.from({ length: 500 }, (_, i) => `n-${from + i}`) });
  }

  #read(target: Extract<LogAct, { kind: 'mark' }>['target']): Promise<void> {
    const said = { state: 'read', undo: false, until: null, target } as const;
    const ids = 'ids' in target ? { ids: [...target.ids] } : {};
    const body = changeBody({ change: 'marked', mark: { state: 'read', ...ids }, at: AT });
    return this.#act({ kind: 'mark', user: USER, at: NOW, body, ...said });
  }

  async #act(act: LogAct): Promise<void> {
    const [result] = await this.#store.append([{ id: `a-${++this.#acts}`, entry: null, act }]);
    if (result?.outcome !== 'acted') throw new Error(`refused: ${JSON.stringify(result)}`);
  }
}

function topicNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `topic/${i}`);
}

/** Median, 99th percentile, and what one call takes of all threads together: on a busy machine that alone says something. */
async function timesOf(
  warmUp: number,
  call: () => Promise<unknown>,
  before: () => Promise<void> = nothing,
  repeats = REPEATS,
): Promise<string> {
  const times: number[] = [];
  let cpu = 0;
  for (let i = -warmUp; i < repeats; i++) {
    await before();
    const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
    await call();
    if (i < 0) continue;
    times.push(performance.now() - startedAt);
    const { user, system } = process.cpuUsage(cpuBefore);
    cpu += user + system;
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => times[Math.floor(share * repeats)]?.toFixed(2) ?? '';
  return `p50 ${at(0.5)} p99 ${at(0.99)} (CPU ${(cpu / 1_000 / repeats).toFixed(2)})`;
}

/** About a millisecond. */
const ROUNDS = 600_000;

async function compute(): Promise<number> {
  let sum = 0;
  for (let i = 0; i < ROUNDS; i++) sum = (sum * 31 + i) % 65_521;
  return sum;
}

async function nothing(): Promise<void> {
  // Nothing has changed.
}

const directory = mkdtempSync(join(tmpdir(), 'clarion-inbox-'));
try {
  for (const [i, shape] of SHAPES.entries())
    process.stdout.write(`${await new InboxFigures(join(directory, `${i}.db`), shape).measure()}\n`);
  process.stdout.write(`the same computing each time: ${await timesOf(0, compute)}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
