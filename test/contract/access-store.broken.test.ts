import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { accessStoreContract } from './access-store.contract.js';
import { brokenAccessHarness, brokenAccessStores } from './broken-access-stores.js';

describe('the contract of access stores catches one that', () => {
  test.for(brokenAccessStores)('$name', async (broken) => {
    const check = accessStoreContract.find(({ name }) => name.startsWith(broken.caughtBy));
    if (check === undefined) throw new Error(`no check '${broken.caughtBy}'`);
    const caught = await check.run(brokenAccessHarness(broken)).catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(AssertionError);
  });
});
