import { amendingChecks } from './gateway-amending-checks.js';
import { commandChecks } from './gateway-command-checks.js';
import { endingChecks } from './gateway-ending-checks.js';
import { flowChecks } from './gateway-flow-checks.js';
import { openingChecks } from './gateway-opening-checks.js';
import { publishChecks } from './gateway-publish-checks.js';
import { readingChecks } from './gateway-reading-checks.js';
import { resumeChecks } from './gateway-resume-checks.js';
import type { GatewayCheck } from './gateway-scene.js';

/** What every gateway promises, sentence by sentence. The checks can run in any order. */
export const gatewayContract: readonly GatewayCheck[] = [
  ...openingChecks,
  ...readingChecks,
  ...resumeChecks,
  ...amendingChecks,
  ...flowChecks,
  ...commandChecks,
  ...publishChecks,
  ...endingChecks,
];
