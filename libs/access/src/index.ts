export { accessConfigSchema, type AccessConfig } from './access-config.js';
export { AccessModule } from './access.module.js';
export { Access, type Credentials } from './access.js';
export {
  ACCESS_STORE,
  type AccessStore,
  type AdministrativeAct,
  type AuditEntry,
  type AuditLogPage,
  type AuditLogRequest,
  type KeyUse,
  type NumberedAuditEntry,
  type StoredKey,
  type StoredSecret,
  type TokenRevocation,
} from './access-store.js';
export type { CorsHeaders } from './origins.js';
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
export type { MintedToken, MintRequest } from './subscriber-tokens.js';
export { TokenRevocations } from './token-revocations.js';
