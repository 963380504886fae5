import type { StoredKey } from '#clarion/access';
import { keyRightsSchema } from '#clarion/protocol';
import type { ReadKey } from './access-reader.js';
import { StoreError } from './store-error.js';

/** Not in the thread that reads: schemas are slow to load. @throws {StoreError} `unreadable` for rights that no version of this server wrote. */
export function storedKey(key: ReadKey): StoredKey {
  const rights = keyRightsSchema.safeParse(key.rights);
  if (!rights.success)
    throw new StoreError('unreadable', `the rights of the API key ${key.id} are damaged; restore a backup`);
  return { ...key, rights: rights.data };
}
