import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '#clarion/store-sqlite';
import type { PeopleStoreHarness } from '../../../test/contract/people-store-harness.js';

/** Each place is a directory of its own under the system's temporary one. */
export const harness: PeopleStoreHarness = {
  name: 'store-sqlite',
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clarion-people-store-'));
    return {
      store: () => new SqliteStore({ file: join(directory, 'log.db'), readers: 1, worthRemembering: 0 }),
      dispose: () => rm(directory, { recursive: true, force: true }),
    };
  },
};
