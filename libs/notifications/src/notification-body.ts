import { createHash } from 'node:crypto';
import type { Edit, PublishRequest, Topic } from '#clarion/protocol';
import { canonicalJson } from './canonical-json.js';

/** What readers get of a publish, in the order in which it is shown; the audience is not disclosed. */
const SHOWN = [
  'type',
  'title',
  'body',
  'url',
  'icon',
  'data',
  'actions',
  'category',
  'priority',
  'ephemeral',
  'collapseKey',
] as const;

/** What the server says of a publish by itself. */
export interface ServersWords {
  /** The id of the person who published it. */
  readonly from?: string;
  /** ISO 8601. */
  readonly expiresAt?: string;
}

/**
 * The part of a notification that is the same for every reader, as JSON members without braces. Made once per publish;
 * {@link renderNotification} completes it per topic. Member by member it costs half of what an object of them does.
 * @param publishedAt ISO 8601.
 */
export function serialiseBody(draft: PublishRequest, publishedAt: string, said: ServersWords = {}): string {
  let members = '';
  for (const field of SHOWN) {
    const value = draft[field];
    if (value !== undefined && !isDefault(field, value)) members += `"${field}":${JSON.stringify(value)},`;
  }
  // User ids need no escaping.
  if (said.from !== undefined) members += `"from":{"user":"${said.from}"},`;
  const end = said.expiresAt === undefined ? '' : `,"expiresAt":"${said.expiresAt}"`;
  return `${members}"publishedAt":"${publishedAt}"${end}`;
}

/** What may be edited. */
const EDITABLE = ['type', 'title', 'body', 'url', 'icon', 'data', 'actions'] as const;

/**
 * The body after an edit, in the order in which bodies are shown; undefined when none of title, type and data is left.
 * @param updatedAt ISO 8601.
 */
export function editBody(body: string, edit: Edit, updatedAt: string): string | undefined {
  const before = membersOf(body);
  const changed = Object.fromEntries(
    EDITABLE.map((field) => [field, Object.hasOwn(edit, field) ? edit[field] : before[field]]),
  );
  const after: Record<string, unknown> = { ...changed, ...omit(before, EDITABLE), updatedAt };
  for (const field of EDITABLE) if (field !== 'data' && after[field] === null) delete after[field];
  if (after['title'] === undefined && after['type'] === undefined && after['data'] === undefined) return undefined;
  return JSON.stringify(after).slice(1, -1);
}

/** The person who published it, as the server has said; undefined: a service did. */
export function senderOf(body: string): string | undefined {
  const { from } = membersOf(body);
  return isObject(from) && typeof from['user'] === 'string' ? from['user'] : undefined;
}

function membersOf(body: string): Readonly<Record<string, unknown>> {
  const members: unknown = JSON.parse(`{${body}}`);
  if (!isObject(members)) throw new Error('a body has members');
  return members;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands in the place of a notification that was taken back: who had sent it, and since when. @param retractedAt ISO 8601. */
export function tombstoneBody(retractedAt: string, sender?: string): string {
  const from = sender === undefined ? '' : `"from":{"user":"${sender}"},`;
  return `${from}"retractedAt":"${retractedAt}"`;
}

function omit(members: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}

/** Nobody is told of a durable notification that it is one. */
function isDefault(field: (typeof SHOWN)[number], value: unknown): boolean {
  return field === 'ephemeral' && value === false;
}

/** The notification's JSON as a reader gets it: id, cursor and topic spliced before the shared members. No parsing, no escaping: ids, cursors and topics need none. */
export function renderNotification(
  entry: { readonly id: string; readonly body: string },
  cursor: string | undefined,
  topic: Topic,
): string {
  const place = cursor === undefined ? '' : `"cursor":"${cursor}",`;
  return `{"id":"${entry.id}",${place}"topic":"${topic}",${entry.body}}`;
}

/** Digest that is equal for equal parsed bodies, whatever the order of their fields. The idempotency key itself is left out. */
export function fingerprint(draft: PublishRequest): string {
  const { idempotencyKey: _, ...rest } = draft;
  return createHash('sha256').update(canonicalJson(rest)).digest('base64url');
}
