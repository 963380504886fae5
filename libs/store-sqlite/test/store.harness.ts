import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { SqliteStore } from '#clarion/store-sqlite';
import type { Acknowledged, StoreHarness, StorePlace } from '../../../test/contract/store-harness.js';

const CHILD = fileURLToPath(new URL('./store-child.mjs', import.meta.url));

/** What the child reports, line by line. */
const reportSchema = z.object({
  opened: z.boolean().optional(),
  refused: z.string().optional(),
  acknowledged: z.array(z.object({ id: z.string(), offset: z.number() })).default([]),
});

/** A directory of its own under the system's temporary one. */
class SqlitePlace implements StorePlace {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(): Promise<SqlitePlace> {
    return new SqlitePlace(await mkdtemp(join(tmpdir(), 'clarion-store-')));
  }

  get file(): string {
    return join(this.#directory, 'data', 'log.db');
  }

  store(): SqliteStore {
    return new SqliteStore({ file: this.file });
  }

  async killWhileAppending(acknowledged: number): Promise<readonly Acknowledged[]> {
    const child = this.#spawn('append');
    const reported: Acknowledged[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      reported.push(...reportSchema.parse(JSON.parse(line)).acknowledged);
      // What is already in the pipe was acknowledged too: read on to its end.
      if (reported.length >= acknowledged) child.kill('SIGKILL');
    }
    if (reported.length < acknowledged) throw new Error(`the child ended after ${reported.length} appends`);
    return reported;
  }

  async openElsewhere(): Promise<string | undefined> {
    const child = this.#spawn('open');
    const closed = once(child, 'close');
    let report: z.output<typeof reportSchema> | undefined;
    for await (const line of createInterface({ input: child.stdout })) report = reportSchema.parse(JSON.parse(line));
    await closed;
    if (report?.opened !== true && report?.refused === undefined) throw new Error('the child reported nothing');
    return report.refused;
  }

  async copy(): Promise<SqlitePlace> {
    const other = await SqlitePlace.create();
    await cp(this.#directory, other.#directory, { recursive: true });
    return other;
  }

  async dispose(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  #spawn(mode: 'append' | 'open'): ChildProcess & { readonly stdout: NodeJS.ReadableStream } {
    return spawn(process.execPath, [CHILD, mode, this.file], { stdio: ['ignore', 'pipe', 'inherit'] });
  }
}

export const harness: StoreHarness = { name: 'store-sqlite', create: () => SqlitePlace.create() };
