import type { InboxChange } from '#clarion/protocol';

/** As the body of an entry has it: members without braces. */
export function changeBody(change: InboxChange): string {
  return JSON.stringify(change).slice(1, -1);
}

/**
 * The ids of all notifications of which a change may have made something else in its person's inbox, apart from what is followed and preferred; undefined
 * when that cannot be told from it: of marks up to a cursor, of snoozes, which end by themselves, and of a body that is none of {@link changeBody}.
 */
export function idsChangedBy(body: string): readonly string[] | undefined {
  const { change, mark } = membersOf(body);
  if (change === undefined) return undefined;
  if (change !== 'marked') return [];
  return mark?.state === 'snoozed' ? undefined : mark?.ids;
}

/** Precondition: what this server has written. */
function membersOf(body: string): Partial<Pick<InboxChange, 'change' | 'mark'>> {
  const members: unknown = JSON.parse(`{${body}}`);
  return typeof members === 'object' && members !== null ? members : {};
}
