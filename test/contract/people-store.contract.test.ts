import { describe, expect, test } from 'vitest';
import type { PeopleStoreHarness } from './people-store-harness.js';
import { peopleStoreContract } from './people-store.contract.js';

const found = import.meta.glob<{ readonly harness: PeopleStoreHarness }>(
  ['../../libs/*/test/people-store.harness.ts', '../../examples/*/test/people-store.harness.ts'],
  { eager: true },
);

test('there is a store to examine', () => {
  expect(Object.keys(found)).not.toHaveLength(0);
});

for (const { harness } of Object.values(found)) {
  describe(`people store contract: ${harness.name}`, () => {
    test.for(peopleStoreContract)('$name', async (check) => {
      await expect(check.run(harness)).resolves.toBeUndefined();
    });
  });
}
