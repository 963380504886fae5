import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { brokenPeopleHarness, brokenPeopleStores } from './broken-people-stores.js';
import type { PeopleStoreHarness } from './people-store-harness.js';
import { peopleStoreContract } from './people-store.contract.js';

const [found] = Object.values(
  import.meta.glob<{ readonly harness: PeopleStoreHarness }>('../../libs/*/test/people-store.harness.ts', {
    eager: true,
  }),
);

describe('the contract of people stores catches one that', () => {
  test.for(brokenPeopleStores)('$name', async (broken) => {
    const check = peopleStoreContract.find(({ name }) => name.startsWith(broken.caughtBy));
    if (check === undefined || found === undefined) throw new Error(`no check '${broken.caughtBy}'`);
    const caught = await check.run(brokenPeopleHarness(found.harness, broken)).catch((error: unknown) => error);
    // A property's own error has what it found as its cause.
    const reason = caught instanceof Error && caught.cause !== undefined ? caught.cause : caught;
    expect(reason).toBeInstanceOf(AssertionError);
  });
});
