import type { PushStoreCheck } from './push-store-harness.js';
export const pushModelChecks: readonly PushStoreCheck[] = [];
