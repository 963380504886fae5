import type { AccessStoreHarness } from '../../../test/contract/access-store-harness.js';
import { emptyMemory, MemoryAccessStore } from '../../../test/support/memory-access-store.js';

/** What tests put in the place of a store is held to the same contract. */
export const harness: AccessStoreHarness = {
  name: 'in memory, for tests',
  create: async () => {
    const memory = emptyMemory();
    return {
      store: () => ({ access: new MemoryAccessStore(memory), close: async () => undefined }),
      dispose: async () => undefined,
    };
  },
};
