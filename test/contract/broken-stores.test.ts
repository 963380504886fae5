import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { brokenHarness, brokenStores } from './broken-stores.js';
import type { StoreHarness } from './store-harness.js';
import { storeContract } from './store.contract.js';

const [found] = Object.values(
  import.meta.glob<{ readonly harness: StoreHarness }>(['../../libs/*/test/store.harness.ts'], { eager: true }),
);

describe('the store contract catches a store that', () => {
  test.for(brokenStores)('$name', async (broken) => {
    const check = storeContract.find(({ name }) => name === broken.caughtBy);
    if (found === undefined || check === undefined) throw new Error(`no store, or no check '${broken.caughtBy}'`);
    const caught = await check.run(brokenHarness(found.harness, broken)).catch((error: unknown) => error);
    expect(violationIn(caught)).toBeInstanceOf(AssertionError);
  });
});

/** What the suite itself asserted: properties wrap it. A wrapper that merely stumbles proves nothing. */
function violationIn(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
