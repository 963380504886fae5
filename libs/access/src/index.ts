export { accessConfigSchema, type AccessConfig } from './access-config.js';
export { AccessModule } from './access.module.js';
export { Access, type Act, type ActContext, type Credentials } from './access.js';
export {
  ACCESS_STORE,
  type AccessStore,
  type AuditEntry,
  type AuditLogPage,
  type AuditLogRequest,
  type KeyUse,
  type NumberedAuditEntry,
  type StoredKey,
  type StoredSecret,
  type TokenRevocation,
} from './access-store.js';
export type { KeyInfo, NewKey, RevealedKey } from './api-keys.js';
export { limitsConfigSchema, type LimitsConfig } from './limits/limits.config.js';
export { Limits } from './limits/limits.js';
export { LimitsModule } from './limits/limits.module.js';
export type { Seat } from './limits/seat.js';
export type { CorsHeaders } from './origins.js';
export { ownCookie } from './own-cookie.js';
export { isEncrypted, protectiveHeaders } from './protective-headers.js';
export {
  ANONYMOUS,
  APPLICATION,
  principalId,
  type Anonymous,
  type KeyHolder,
  type KeyRights,
  type MintRights,
  type Principal,
  type ReadGrant,
  type Subscriber,
} from './principal.js';
export type { RightsChange, RightsListener } from './rights-listeners.js';
export type { MintedToken, MintRequest } from './subscriber-tokens.js';
export { TokenRevocations } from './token-revocations.js';
