import { afterAll, describe, expect, test } from 'vitest';
import type { GatewayHarness } from './gateway-harness.js';
import { Stage, type GatewayCheck } from './gateway-scene.js';
import { gatewayContract } from './gateway.contract.js';

const PATIENCE_MS = 30_000;

const found = import.meta.glob<{ readonly harnesses: readonly GatewayHarness[] }>(
  ['../../libs/*/test/gateway.harness.ts', '../../examples/*/test/gateway.harness.ts'],
  { eager: true },
);

/** Every second gateway that there is, from the first (0) or the second (1): in two files, which run side by side. */
export function examineGateways(from: 0 | 1): void {
  const harnesses = Object.values(found).flatMap((module) => module.harnesses);

  test('there is a gateway to examine', () => {
    expect(harnesses.length).toBeGreaterThan(from);
  });

  for (const harness of harnesses.filter((_, i) => i % 2 === from)) examine(harness);
}

function examine(harness: GatewayHarness): void {
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
