import type { Principal } from '#clarion/access';
import type { Ready } from '#clarion/protocol';

/** Until when somebody may read, milliseconds since 1970; undefined: as long as they like. */
export function expiryOf(who: Principal): number | undefined {
  return who.kind === 'subscriber' ? who.expiresAt : undefined;
}

/** The same as a client is told of it. */
export function expiryTold(who: Principal): Pick<Ready, 'expiresAt'> {
  const at = expiryOf(who);
  return at === undefined ? {} : { expiresAt: new Date(at).toISOString() };
}
