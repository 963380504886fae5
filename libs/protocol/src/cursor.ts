import { z } from 'zod';

declare const cursorBrand: unique symbol;

/** A place in the log as clients see it: opaque, equal on every node and transport. Never compare two of them. */
export type Cursor = string & { readonly [cursorBrand]: true };

/** What `since` accepts beside a cursor: everything that is still kept. */
export const EARLIEST = 'earliest';

const CURSOR_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether the text has the form of a cursor. Whether it names a place in this log, only the server's log can tell. */
export function isCursor(text: string): text is Cursor {
  return CURSOR_PATTERN.test(text);
}

export const cursorSchema = z.string().refine(isCursor).meta({
  description: 'An opaque place in the log. Keep the last one seen; bring it back as `since`.',
  pattern: CURSOR_PATTERN.source,
});
