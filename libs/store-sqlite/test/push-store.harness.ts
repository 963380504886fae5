import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '#clarion/store-sqlite';
import type { PushStoreHarness, PushStorePlace } from '../../../test/contract/push-store-harness.js';

/** A directory of its own under the system's temporary one. */
class Place implements PushStorePlace {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), 'clarion-push-store-')));
  }

  store(): SqliteStore {
    return new SqliteStore({ file: join(this.#directory, 'log.db'), readers: 1 });
  }

  /** What is in the WAL is on disk, and belongs to it. */
  async copy(): Promise<Place> {
    const other = await Place.create();
    for (const name of ['log.db', 'log.db-wal'])
      await cp(join(this.#directory, name), join(other.#directory, name), { force: true });
    return other;
  }

  async dispose(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

export const harness: PushStoreHarness = { name: 'store-sqlite', create: () => Place.create() };
