import { pushDeviceChecks } from './push-device-checks.js';
import { pushDueChecks } from './push-due-checks.js';
import { pushModelChecks } from './push-model-checks.js';
import { pushOutboxChecks } from './push-outbox-checks.js';
import type { PushStoreCheck } from './push-store-harness.js';
import { pushTakeBackChecks } from './push-take-back-checks.js';

/** The contract of `PushStore`, and of what the writer does for it, sentence by sentence. Each check makes its own place. */
export const pushStoreContract: readonly PushStoreCheck[] = [
  ...pushDeviceChecks,
  ...pushDueChecks,
  ...pushOutboxChecks,
  ...pushTakeBackChecks,
  ...pushModelChecks,
];
