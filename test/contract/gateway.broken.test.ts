import { AssertionError } from 'node:assert';
import { afterAll, describe, expect, test } from 'vitest';
import { brokenGateways } from './broken-gateways.js';
import { brokenPublishing } from './broken-publishing.js';
import type { GatewayHarness } from './gateway-harness.js';
import { meddledHarness, type Fault } from './gateway-meddler.js';
import { Stage, type GatewayCheck } from './gateway-scene.js';
import { gatewayContract } from './gateway.contract.js';

/** How long to wait for what must come, and for what a broken gateway never sends. */
const PATIENCE_MS = { whole: 30_000, broken: 2_000 };

/** Only a transport that can do everything can do everything wrong. */
const whole = Object.values(
  import.meta.glob<{ readonly harnesses: readonly GatewayHarness[] }>(['../../libs/*/test/gateway.harness.ts'], {
    eager: true,
  }),
)
  .flatMap(({ harnesses }) => harnesses)
  .find(({ cannot }) => Object.keys(cannot).length === 0);
if (whole === undefined) throw new Error('no gateway can do everything');

const broken = [...brokenGateways, ...brokenPublishing];
let fault: Fault = {};
const harness = meddledHarness(whole, () => fault);
const stages = { whole: new Stage(harness, PATIENCE_MS.whole), broken: new Stage(harness, PATIENCE_MS.broken) };
afterAll(async () => {
  await stages.whole.close();
  await stages.broken.close();
});

describe('the gateway contract lets pass a gateway in the same wrapping that is not broken, by the check', () => {
  test.for([...new Set(broken.map(({ caughtBy }) => caughtBy))])('%s', async (name) => {
    fault = {};
    await expect(stages.whole.play(checkNamed(name))).resolves.toBeUndefined();
  });
});

describe('the gateway contract catches a gateway that', () => {
  test.for(broken.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    fault = one;
    const caught: unknown = await stages.broken.play(checkNamed(one.caughtBy)).catch((error: unknown) => error);
    // A wrapper that merely stumbles proves nothing.
    expect(caught).toBeInstanceOf(AssertionError);
  });
});

function checkNamed(wanted: string): GatewayCheck {
  const check = gatewayContract.find(({ name }) => name === wanted);
  if (check === undefined) throw new Error(`there is no check '${wanted}'`);
  return check;
}
