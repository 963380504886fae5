import { afterAll, describe, expect, test } from 'vitest';
import type { GatewayHarness } from './gateway-harness.js';
import { Stage, type GatewayCheck } from './gateway-scene.js';
import { gatewayContract } from './gateway.contract.js';

const PATIENCE_MS = 30_000;

const found = import.meta.glob<{ readonly harnesses: readonly GatewayHarness[] }>(
  ['../../libs/*/test/gateway.harness.ts', '../../examples/*/test/gateway.harness.ts'],
  { eager: true },
);

test('there is a gateway to examine', () => {
  expect(Object.keys(found)).not.toHaveLength(0);
});

for (const harness of Object.values(found).flatMap(({ harnesses }) => harnesses)) {
  describe(`gateway contract: ${harness.name}`, () => {
    const stage = new Stage(harness, PATIENCE_MS);
    afterAll(() => stage.close());

    test.for(gatewayContract.map((check) => [check.name, check] as const))('%s', async ([, check], { skip }) => {
      const why = whyNot(check, harness);
      if (why !== undefined) skip(why);
      await expect(stage.play(check)).resolves.toBeUndefined();
    });
  });
}

/** Why the sentence means nothing for this transport. */
function whyNot({ needs = [] }: GatewayCheck, { cannot }: GatewayHarness): string | undefined {
  return needs.flatMap((capability) => cannot[capability] ?? [])[0];
}
