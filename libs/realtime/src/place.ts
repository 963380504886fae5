import type { Located } from '#clarion/notifications';
import { EARLIEST } from '#clarion/protocol';
import type { Want } from './gateway.js';
import type { SessionContext } from './session-context.js';

/** Where a reader can begin: a place in the log, or why there is none. */
export type Place = Exclude<Located, { readonly ahead: true }>;

/** Where a reader begins: at the head of what this node has, at the oldest that is kept, or at the place that its cursor names. */
export function locate({ log, ring }: Pick<SessionContext, 'log' | 'ring'>, since: Want['since']): Located {
  if (since === undefined) return { offset: ring.head };
  return since === EARLIEST ? { offset: log.floor } : log.locate(since);
}

/** The same for good. A cursor beyond what this node knows may come from another node a moment ago, or from a lost future: the log knows. */
export async function locateFinally(
  context: Pick<SessionContext, 'log' | 'ring'>,
  since: Want['since'],
): Promise<Place> {
  const first = locate(context, since);
  if (!('ahead' in first)) return first;
  await context.log.refresh();
  const second = locate(context, since);
  return 'ahead' in second ? { gap: 'unknown' } : second;
}
