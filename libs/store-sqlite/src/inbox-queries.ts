import type { InboxFilter } from '#clarion/protocol';
import { SEGMENT_COLUMNS } from './segment-list.js';

/** Of the mark cells of a row `m` and of its stretch the greater counts, and what is odd holds. */
const BASE = { seen: '?7', read: '?8', archived: '?9', snoozed: '?10', until: '?11' } as const;

function holds(state: 'seen' | 'read' | 'archived'): string {
  return `max(ifnull(m.${state}, 0), ${BASE[state]}) & 1`;
}

const SNOOZED = `(
  max(ifnull(m.snoozed, 0), ${BASE.snoozed}) & 1
  AND CASE
    WHEN ifnull(m.snoozed, 0) > ${BASE.snoozed} THEN m.until
    WHEN m.snoozed = ${BASE.snoozed} THEN max(m.until, ${BASE.until})
    ELSE ${BASE.until} END > ?4)`;

/**
 * Counts in one walk over the stretches in ?1 ({@link segmentList}) what is unread, at most ?6 rows: those that are seen by no other topic, of these
 * the unseen, the offsets of those that may be, and how many rows it was. ?2: the person; ?3: hidden categories; ?4: now; ?5: 1 if ranges by topic
 * may lift what is said of those that are shared, so that they must all be looked at; ?7 to ?11: what is said of all the stretches; ?12: nothing
 * published before.
 */
function counting(condition: string): string {
  return `
    WITH s AS MATERIALIZED (
      SELECT ${SEGMENT_COLUMNS.topic} AS topic, ${SEGMENT_COLUMNS.after} AS after, ${SEGMENT_COLUMNS.upTo} AS up_to
      FROM json_each(?1))
    SELECT count(*) FILTER (WHERE shared IS NULL), count(*) FILTER (WHERE shared IS NULL AND unseen),
      json_group_array(offset) FILTER (WHERE shared = 1), count(*)
    FROM (
      SELECT a.offset, a.shared, ${holds('seen')} = 0 AS unseen
      FROM s CROSS JOIN audience AS a ON a.topic = s.topic AND a.offset > s.after AND a.offset <= s.up_to
      LEFT JOIN marks AS m ON m.user = ?2 AND m.offset = a.offset
      WHERE a.kind IS NULL AND (a.expires_at IS NULL OR a.expires_at > ?4)
        AND (a.category IS NULL OR a.category NOT IN (SELECT value FROM json_each(?3)))
        AND (a.shared IS NOT NULL OR a.collapsed_at IS NULL)
        AND ((?5 AND a.shared IS NOT NULL) OR (${condition} AND NOT ${holds('archived')} AND NOT ${SNOOZED}))
        AND (?12 = 0 OR ?12 <= (SELECT published_at FROM entries AS e WHERE e.offset = a.offset))
      LIMIT ?6)`;
}

/** Which marks may bring a notification into a list though what is said of its stretch does not. */
const LIFTS = 'seen % 2 = 0 OR read % 2 = 0 OR archived % 2 = 0 OR snoozed IS NOT NULL';
const BRINGS: Readonly<Record<Exclude<InboxFilter, 'all'>, string>> = {
  inbox: LIFTS,
  unread: LIFTS,
  unseen: LIFTS,
  read: 'read % 2 = 1 OR archived % 2 = 0 OR snoozed IS NOT NULL',
  archived: 'archived % 2 = 1',
  snoozed: 'snoozed % 2 = 1',
};

function marked(filter: Exclude<InboxFilter, 'all'>): string {
  return `
    SELECT offset FROM marks ${BRINGS[filter] === LIFTS ? 'INDEXED BY marks_that_lift' : ''}
    WHERE user = ? AND offset > ? AND offset <= ? AND (${BRINGS[filter]}) ORDER BY offset DESC LIMIT ?`;
}

/** What the inbox asks, in one place so that a test can hold each to its query plan. */
export const INBOX_QUERIES = {
  countUnread: counting(`NOT ${holds('read')}`),
  countUnseen: counting(`NOT ${holds('read')} AND NOT ${holds('seen')}`),
  /** The newest notification of each stretch of a topic. */
  heads: `
    SELECT (
      SELECT a.offset FROM audience AS a
      WHERE a.topic = ${SEGMENT_COLUMNS.topic} AND a.offset > ${SEGMENT_COLUMNS.after}
        AND a.offset <= ${SEGMENT_COLUMNS.upTo} AND a.kind IS NULL
      ORDER BY a.offset DESC LIMIT 1)
    FROM json_each(?) AS s`,
  stretch: `
    SELECT a.offset, a.expires_at, a.category, a.shared, a.collapsed_at, m.seen, m.read, m.archived, m.snoozed, m.until
    FROM audience AS a LEFT JOIN marks AS m ON m.user = ?1 AND m.offset = a.offset
    WHERE a.topic = ?2 AND a.offset > ?3 AND a.offset <= ?4 AND a.kind IS NULL ORDER BY a.offset DESC LIMIT ?5`,
  /** Of what came by this topic, that which is seen by another one. */
  shared: `
    SELECT offset FROM audience
    WHERE topic = ? AND offset > ? AND offset <= ? AND shared = 1 ORDER BY offset DESC LIMIT ?`,
  standsIn: 'SELECT collapsed_at FROM audience WHERE topic = ? AND offset = ?',
  markedInbox: marked('inbox'),
  markedRead: marked('read'),
  markedArchived: marked('archived'),
  markedSnoozed: marked('snoozed'),
} as const;
