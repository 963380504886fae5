import { describe, expect, test } from 'vitest';
import type { PushStoreHarness } from './push-store-harness.js';
import { pushStoreContract } from './push-store.contract.js';

const found = import.meta.glob<{ readonly harness: PushStoreHarness }>(
  ['../../libs/*/test/push-store.harness.ts', '../../examples/*/test/push-store.harness.ts'],
  { eager: true },
);

test('there is a store to examine', () => {
  expect(Object.keys(found)).not.toHaveLength(0);
});

for (const { harness } of Object.values(found)) {
  describe(`push store contract: ${harness.name}`, () => {
    test.for(pushStoreContract)('$name', async (check) => {
      await expect(check.run(harness)).resolves.toBeUndefined();
    });
  });
}
