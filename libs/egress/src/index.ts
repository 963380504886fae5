export { Egress, type EgressOptions, type EgressRequest } from './egress.js';
export { isHostPattern } from './host-list.js';
export { type EgressOutcome, type FailureReason, type ForbiddenReason } from './outcome.js';
export { isPublicAddress } from './public-address.js';
export type { Resolve } from './resolve.js';
export type { Judgement, Target } from './target.js';
