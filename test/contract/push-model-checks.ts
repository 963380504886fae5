import * as fc from 'fast-check';
import { PushComparison, pushStep } from './push-comparison.js';
import { onFreshPush, type PushStoreCheck } from './push-store-harness.js';

const RUNS = 6;
const MAX_STEPS = 90;

export const pushModelChecks: readonly PushStoreCheck[] = [
  {
    name: 'model: whatever people do, is published and comes of pushes, each device is decided once and nothing is sent twice',
    run: (harness) =>
      fc.assert(
        fc.asyncProperty(fc.array(pushStep, { minLength: 40, maxLength: MAX_STEPS, size: 'max' }), (steps) =>
          onFreshPush('', async (scene, place) => {
            const comparison = new PushComparison(scene, place);
            await comparison.begin();
            for (const step of steps) await comparison.take(step);
            await comparison.finish();
          }).run(harness),
        ),
        // Each run opens a log of its own, which takes far longer than its steps.
        { numRuns: RUNS, endOnFailure: true },
      ),
  },
];
