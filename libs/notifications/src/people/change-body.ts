import type { InboxChange } from '#clarion/protocol';

/** As the body of an entry has it: members without braces. */
export function changeBody(change: InboxChange): string {
  return JSON.stringify(change).slice(1, -1);
}

/**
 * Of which notifications a change has said something new; none where it is about what the person follows or prefers. Undefined: it does not name them (a mark
 * up to a cursor, or a body that is none of {@link changeBody}).
 */
export function idsChangedBy(body: string): readonly string[] | undefined {
  const { change, mark } = membersOf(body);
  if (change === undefined) return undefined;
  return change === 'marked' ? mark?.ids : [];
}

/** Precondition: members of JSON. */
function membersOf(body: string): Partial<Pick<InboxChange, 'change' | 'mark'>> {
  const members: unknown = JSON.parse(`{${body}}`);
  return typeof members === 'object' && members !== null ? members : {};
}
