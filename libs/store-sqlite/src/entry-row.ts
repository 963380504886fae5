import type { EntryTraits, LogEntry } from '#clarion/event-bus';
import { integer, integerOrNull, text, textOrNull, type Row } from './connection.js';
import { StoreError } from './store-error.js';

const NAMES = [
  'offset',
  'id',
  'published_at',
  'topics',
  'body',
  'kind',
  'about',
  'expires_at',
  'category',
  'urgent',
  'collapse_key',
] as const;

/** The columns of `entries` that {@link toEntry} reads, in its order; `alias`: the table's name in the query. */
export function entryColumns(alias = 'entries'): string {
  return NAMES.map((name) => `${alias}.${name}`).join(', ');
}

export function toEntry(row: Row): LogEntry {
  return {
    offset: integer(row, 0),
    id: text(row, 1),
    publishedAt: integer(row, 2),
    topics: parseTopics(text(row, 3)),
    body: text(row, 4),
    ...traitsOf(row),
  };
}

export function parseTopics(json: string): string[] {
  const topics: unknown = JSON.parse(json);
  if (!Array.isArray(topics)) throw new StoreError('unreadable', 'the database is damaged: topics are not a list');
  return topics.map(String);
}

const NO_TRAITS: EntryTraits = Object.freeze({});

function traitsOf(row: Row): EntryTraits {
  // Nearly all have none.
  if (row[5] === null && row[7] === null && row[8] === null && row[9] === null && row[10] === null) return NO_TRAITS;
  const [kind, about, expiresAt] = [kindOf(row), integerOrNull(row, 6), integerOrNull(row, 7)];
  const [category, collapseKey] = [textOrNull(row, 8), textOrNull(row, 10)];
  return {
    ...(kind !== undefined && { kind }),
    ...(about !== null && { about }),
    ...(expiresAt !== null && { expiresAt }),
    ...(category !== null && { category }),
    ...(row[9] !== null && { urgent: true as const }),
    ...(collapseKey !== null && { collapseKey }),
  };
}

const KINDS = ['updated', 'retracted', 'inbox', 'erased'] as const;

function kindOf(row: Row): EntryTraits['kind'] {
  const name = textOrNull(row, 5);
  if (name === null) return undefined;
  const kind = KINDS.find((known) => known === name);
  if (kind === undefined) throw new StoreError('unreadable', `the database is damaged: an entry of kind ${name}`);
  return kind;
}

export function hasTraits({ kind, about, expiresAt, category, urgent, collapseKey }: EntryTraits): boolean {
  return (
    kind !== undefined ||
    expiresAt !== undefined ||
    category !== undefined ||
    urgent !== undefined ||
    collapseKey !== undefined ||
    about !== undefined
  );
}
