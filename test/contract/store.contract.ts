import { appendChecks } from './store-append-checks.js';
import type { StoreCheck } from './store-harness.js';
import { lifecycleChecks } from './store-lifecycle-checks.js';
import { modelChecks } from './store-model-checks.js';
import { readChecks } from './store-read-checks.js';
import { retentionChecks } from './store-retention-checks.js';

/** The contract of `NotificationStore`, sentence by sentence. Each check makes its own places; they can run in any order. */
export const storeContract: readonly StoreCheck[] = [
  ...lifecycleChecks,
  ...appendChecks,
  ...readChecks,
  ...retentionChecks,
  ...modelChecks,
];
