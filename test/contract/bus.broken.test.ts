import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { brokenBuses, brokenHarness } from './broken-buses.js';
import type { BusHarness } from './bus-harness.js';
import { busContract } from './bus.contract.js';

/** A bus that keeps everything can break every sentence. */
const whole = Object.values(
  import.meta.glob<{ readonly harness: BusHarness }>(['../../libs/*/test/bus.harness.ts'], { eager: true }),
).find(({ harness: { keeps } }) => keeps.all && keeps.once && keeps.order);

describe('the bus contract catches a bus that', () => {
  test.for(brokenBuses.map((broken) => [broken.name, broken] as const))('%s', async ([, broken]) => {
    const check = busContract.find(({ name }) => name === broken.caughtBy);
    if (whole === undefined || check === undefined) throw new Error(`no bus, or no check '${broken.caughtBy}'`);
    const caught: unknown = await check.run(brokenHarness(whole.harness, broken)).catch((error: unknown) => error);
    // A wrapper that merely stumbles proves nothing.
    expect(caught).toBeInstanceOf(AssertionError);
  });
});
