import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { brokenPushHarness, brokenPushStores } from './broken-push-stores.js';
import type { PushStoreHarness } from './push-store-harness.js';
import { pushStoreContract } from './push-store.contract.js';

const [found] = Object.values(
  import.meta.glob<{ readonly harness: PushStoreHarness }>('../../libs/*/test/push-store.harness.ts', {
    eager: true,
  }),
);

describe('the contract of push stores catches one that', () => {
  test.for(brokenPushStores)('$name', async (broken) => {
    const check = pushStoreContract.find(({ name }) => name.startsWith(broken.caughtBy));
    if (check === undefined || found === undefined) throw new Error(`no check '${broken.caughtBy}'`);
    const caught = await check.run(brokenPushHarness(found.harness, broken)).catch((error: unknown) => error);
    // A property's own error has what it found as its cause.
    const reason = caught instanceof Error && caught.cause !== undefined ? caught.cause : caught;
    expect(reason).toBeInstanceOf(AssertionError);
  });
});
