import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppendRequest, PushMark } from '#clarion/notifications';
import { SqliteStore } from '#clarion/store-sqlite';
import { entryBody, entryId } from './entries.js';

/**
 * What pushes cost the store: `node dist/bench/store/push-figures.js`. Appends in microseconds of this process's CPU, each kind side by side with the same
 * without a push; all else in milliseconds, the way to the thread and back included.
 */
const NOW = 1_800_000_000_000;
const FOLLOWERS = 100_000;
const WITH_DEVICES = 10_000;
const BATCH = 500;
const ROUNDS = 40;
const LEASE_MS = 1_000;

type Append = (number: number) => Pick<AppendRequest, 'entry' | 'pushAt'>;

class PushFigures {
  readonly #store: SqliteStore;
  #ids = 0;

  constructor(file: string) {
    this.#store = new SqliteStore({ file });
  }

  async measure(): Promise<void> {
    await this.#store.open();
    await this.#compare('a topic, nobody has a device', () => 'bench');
    await this.#compare('a person, nobody has a device', (n) => `users/u-${n % WITH_DEVICES}`);
    await this.#bring();
    await this.#compare('a topic', () => 'bench');
    await this.#compare('a person with a device', (n) => `users/u-${n % WITH_DEVICES}`);
    await this.#compare('a person without', (n) => `users/v-${n % WITH_DEVICES}`);
    const offset = await this.#broadcast();
    await this.#expand(offset);
    await this.#claim();
    await this.#store.close();
  }

  /** With a push and without, batch after batch in turn. */
  async #compare(name: string, topic: (number: number) => string): Promise<void> {
    const entry = (number: number) => ({ topics: [topic(number)], publishedAt: NOW, body: entryBody });
    const costs: { plain: number[]; pushed: number[] } = { plain: [], pushed: [] };
    for (let round = 0; round < ROUNDS; round++) {
      costs.plain.push(await this.#append((number) => ({ entry: entry(number) })));
      costs.pushed.push(await this.#append((number) => ({ entry: entry(number), pushAt: NOW + 1e9 })));
    }
    report(`append to ${name}: ${median(costs.plain)} µs, with a push ${median(costs.pushed)} µs`);
  }

  async #append(append: Append): Promise<number> {
    const batch = Array.from({ length: BATCH }, (_, i) => ({ id: entryId(++this.#ids), ...append(i + this.#ids) }));
    const before = process.cpuUsage();
    await this.#store.append(batch);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / BATCH;
  }

  /** Followers of one topic, one in ten of whom has a device; half of those at a host that will hang. */
  async #bring(): Promise<void> {
    const keys = {
      p256dh: 'p'.repeat(87),
      auth: 'a'.repeat(22),
      name: null,
      locale: null,
      timeZone: null,
      issuedAt: null,
    };
    for (let from = 0; from < FOLLOWERS; from += BATCH)
      await this.#store.append(
        Array.from({ length: BATCH }, (_, i) => this.#actOf(`u-${from + i}`, { kind: 'follow', topic: 'news' })),
      );
    for (let from = 0; from < WITH_DEVICES; from += BATCH)
      await this.#store.append(
        Array.from({ length: BATCH }, (_, i) => {
          const endpoint = `https://${i % 2 === 0 ? 'hangs' : 'answers'}.test/${from + i}`;
          return this.#actOf(`u-${from + i}`, {
            kind: 'device',
            device: { ...keys, id: 'd', endpoint, subscribe: [] },
          });
        }),
      );
  }

  #actOf(user: string, act: object): AppendRequest {
    return { id: entryId(++this.#ids), entry: null, act: { user, at: NOW, body: '"at":0', ...act } as never };
  }

  async #broadcast(): Promise<number> {
    const entry = { topics: ['news'], publishedAt: NOW, body: entryBody };
    const [result] = await this.#store.append([{ id: 'broadcast', entry, pushAt: NOW }]);
    if (result?.outcome !== 'appended' || result.offset === null) throw new Error('not appended');
    return result.offset;
  }

  async #expand(offset: number): Promise<void> {
    const [pages, plans] = [new Costs(), new Costs()];
    for (let mark: PushMark | null = '' as PushMark; mark !== null;) {
      const from: PushMark = mark;
      const { candidates, next } = await pages.of(() => this.#store.push.candidates(offset, from, 200));
      const pushes = candidates.map(({ user, topics: [topic = ''] }) => ({
        user,
        device: 'd',
        topic,
        ticket: `ticket-${user}`,
        until: NOW + 1e9,
      }));
      await plans.of(() => this.#store.push.plan({ offset, from, next, at: NOW, pushes }));
      mark = next;
    }
    report(`${FOLLOWERS} followers, ${WITH_DEVICES} with devices: a page of 200 people ${pages}, to plan it ${plans}`);
  }

  /** Half of all that waits is at a host that answers nothing. */
  async #claim(): Promise<void> {
    const [claims, settles] = [new Costs(), new Costs()];
    const request = { now: NOW + 1, limit: 64, leaseMs: LEASE_MS, exceptDevices: [], exceptHosts: ['hangs.test'] };
    for (let round = 0; round < ROUNDS; round++) {
      const { pushes } = await claims.of(() => this.#store.push.claim(request));
      if (pushes.length < request.limit) throw new Error(`only ${pushes.length} were claimed`);
      await settles.of(() => this.#store.push.settle(pushes.map(({ id }) => ({ id, at: NOW + 2, state: 'sent' }))));
    }
    const { pushes } = await this.#store.push.waiting();
    const hanging = WITH_DEVICES / 2;
    report(
      `a claim of 64 while ${pushes} wait, ${hanging} of them where nobody answers: ${claims}, to settle it ${settles}`,
    );
  }
}

/** Of many calls. */
class Costs {
  readonly #times: number[] = [];
  readonly #cpu: number[] = [];

  async of<T>(call: () => Promise<T>): Promise<T> {
    const [startedAt, before] = [performance.now(), process.cpuUsage()];
    const result = await call();
    const { user, system } = process.cpuUsage(before);
    this.#times.push(performance.now() - startedAt);
    this.#cpu.push((user + system) / 1_000);
    return result;
  }

  /** Medians; what all threads together take says something on a busy machine too. */
  toString(): string {
    return `${median(this.#times)} ms (CPU ${median(this.#cpu)})`;
  }
}

function median(values: readonly number[]): string {
  return (values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0).toFixed(2);
}

function report(line: string): void {
  process.stdout.write(`${line}\n`);
}

const directory = mkdtempSync(join(tmpdir(), 'clarion-push-figures-'));
try {
  await new PushFigures(join(directory, 'log.db')).measure();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
