import type { Located } from '#clarion/notifications';
import { EARLIEST } from '#clarion/protocol';
import type { Want } from './gateway.js';
import type { SessionContext } from './session-context.js';

/** Where a reader begins: at the head of what this node has, at the oldest that is kept, or at the place that its cursor names. */
export function locate({ log, ring }: Pick<SessionContext, 'log' | 'ring'>, since: Want['since']): Located {
  if (since === undefined) return { offset: ring.head };
  return since === EARLIEST ? { offset: log.floor } : log.locate(since);
}
