import type { ReadGrant } from '#clarion/access';
import type { StoredDevice } from '#clarion/notifications';
import { integer, integerOrNull, text, textOrNull, type Row } from './connection.js';
import { StoreError } from './store-error.js';

/** As {@link toDevice} reads them. */
export const DEVICE_COLUMNS =
  'user, id, endpoint, p256dh, auth, name, locale, time_zone, subscribe, issued_at, since_offset, created_at, verified_at, ' +
  'last_success_at, failures, last_failure_at, last_failure_reason';

export function toDevice(row: Row): StoredDevice {
  return {
    user: text(row, 0),
    id: text(row, 1),
    endpoint: text(row, 2),
    p256dh: text(row, 3),
    auth: text(row, 4),
    name: textOrNull(row, 5),
    locale: textOrNull(row, 6),
    timeZone: textOrNull(row, 7),
    subscribe: parseGrants(text(row, 8)),
    issuedAt: integerOrNull(row, 9),
    since: integer(row, 10),
    createdAt: integer(row, 11),
    verifiedAt: integer(row, 12),
    lastSuccessAt: integerOrNull(row, 13),
    failures: integer(row, 14),
    lastFailureAt: integerOrNull(row, 15),
    lastFailureReason: textOrNull(row, 16),
  };
}

/** What is counted together: the host of an endpoint, with its port when that is not the scheme's. */
export function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).host : endpoint;
}

function parseGrants(json: string): ReadGrant[] {
  const grants: unknown = JSON.parse(json);
  if (!Array.isArray(grants) || !grants.every(isGrant))
    throw new StoreError('unreadable', 'the database is damaged: what a device may read is no list of rights');
  return grants;
}

function isGrant(value: unknown): value is ReadGrant {
  return typeof value === 'object' && value !== null && 'selector' in value && 'historyFrom' in value;
}
