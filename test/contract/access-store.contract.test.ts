import { describe, expect, test } from 'vitest';
import type { AccessStoreHarness } from './access-store-harness.js';
import { accessStoreContract } from './access-store.contract.js';

const found = import.meta.glob<{ readonly harness: AccessStoreHarness }>(
  ['../../libs/*/test/access-store.harness.ts', '../../examples/*/test/access-store.harness.ts'],
  { eager: true },
);

test('there is a store to examine', () => {
  expect(Object.keys(found)).not.toHaveLength(0);
});

for (const { harness } of Object.values(found)) {
  describe(`access store contract: ${harness.name}`, () => {
    test.for(accessStoreContract)('$name', async (check) => {
      await expect(check.run(harness)).resolves.toBeUndefined();
    });
  });
}
