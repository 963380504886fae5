import { describe, expect, test } from 'vitest';
import type { BusHarness } from './bus-harness.js';
import { busContract } from './bus.contract.js';

const found = import.meta.glob<{ readonly harness: BusHarness }>(
  ['../../libs/*/test/bus.harness.ts', '../../examples/*/test/bus.harness.ts'],
  { eager: true },
);

test('there is a bus to examine', () => {
  expect(Object.keys(found)).not.toHaveLength(0);
});

for (const { harness } of Object.values(found)) {
  describe(`bus contract: ${harness.name}`, () => {
    test.for(busContract.map((check) => [check.name, check] as const))('%s', async ([, check], { skip }) => {
      if (check.concerns?.(harness) === false) skip('the port lets a bus do without, and this one does');
      await expect(check.run(harness)).resolves.toBeUndefined();
    });
  });
}
