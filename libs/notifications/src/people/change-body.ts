import type { InboxChange } from '#clarion/protocol';

/** As the body of an entry has it: members without braces. */
export function changeBody(change: InboxChange): string {
  return JSON.stringify(change).slice(1, -1);
}

/**
 * What a change has said anew: of these notifications; or of all up to a cursor, that they are seen, read or archived, so that no list of what is new has more
 * than before; or anything, as also a body that is none of {@link changeBody}.
 */
export type Changed = readonly string[] | 'no more is new' | 'anything';

export function changedBy(body: string): Changed {
  const { change, mark } = membersOf(body);
  if (change === undefined) return 'anything';
  // What the person follows or prefers says nothing of notifications.
  if (change !== 'marked') return [];
  if (mark?.ids !== undefined) return mark.ids;
  return mark === undefined || mark.undo === true || mark.state === 'snoozed' ? 'anything' : 'no more is new';
}

/** Precondition: members of JSON. */
function membersOf(body: string): Partial<Pick<InboxChange, 'change' | 'mark'>> {
  const members: unknown = JSON.parse(`{${body}}`);
  return typeof members === 'object' && members !== null ? members : {};
}
