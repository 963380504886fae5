import type { Access, Principal, RightsChange } from '#clarion/access';
import { DomainError } from '#clarion/protocol';

/** Whether somebody came by the credentials that changed, and they are void now: another token of the same person may be good. */
export function hasLost(access: Access, who: Principal | undefined, change: RightsChange): boolean {
  return who !== undefined && isMeant(who, change) && !isGood(access, who);
}

function isMeant(who: Principal, change: RightsChange): boolean {
  return change.kind === 'key'
    ? who.kind === 'key' && who.id === change.id
    : who.kind === 'subscriber' && who.sub === change.sub;
}

function isGood(access: Access, who: Principal): boolean {
  try {
    access.assertGood(who);
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}
