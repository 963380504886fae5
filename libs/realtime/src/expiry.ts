import type { Principal } from '#clarion/access';
import type { Ready } from '#clarion/protocol';

/** Until when somebody may read, milliseconds since 1970; undefined: as long as they like. */
export function expiryOf(who: Principal): number | undefined {
  return who.kind === 'subscriber' ? who.expiresAt : undefined;
}

/** Until when somebody waits who wants to wait so long: nobody beyond the end of their token. Milliseconds since 1970. */
export function endOfWait(who: Principal, waitMs: number): number {
  const until = Date.now() + waitMs;
  return Math.min(until, expiryOf(who) ?? until);
}

/** {@link expiryOf} as a client is told of it. */
export function expiryTold(who: Principal): Pick<Ready, 'expiresAt'> {
  const at = expiryOf(who);
  return at === undefined ? {} : { expiresAt: new Date(at).toISOString() };
}
