import type { Principal } from '#clarion/access';

/** Until when somebody may read, milliseconds since 1970; undefined: as long as they like. */
export function expiryOf(who: Principal): number | undefined {
  return who.kind === 'subscriber' ? who.expiresAt : undefined;
}
