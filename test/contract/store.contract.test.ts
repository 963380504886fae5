import { describe, expect, test } from 'vitest';
import type { StoreHarness } from './store-harness.js';
import { storeContract } from './store.contract.js';

const found = import.meta.glob<{ readonly harness: StoreHarness }>(
  ['../../libs/*/test/store.harness.ts', '../../examples/*/test/store.harness.ts'],
  { eager: true },
);

test('there is a store to examine', () => {
  expect(Object.keys(found)).not.toHaveLength(0);
});

for (const { harness } of Object.values(found)) {
  describe(`store contract: ${harness.name}`, () => {
    test.for(storeContract)('$name', async (check) => {
      await expect(check.run(harness)).resolves.toBeUndefined();
    });
  });
}
