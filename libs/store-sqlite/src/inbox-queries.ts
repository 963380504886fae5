import type { InboxFilter } from '#clarion/protocol';

/** Mark cells of a row `m` and of its segment `s`; what is greater counts, and what is odd holds. */
function holds(state: 'seen' | 'read' | 'archived'): string {
  return `max(ifnull(m.${state}, 0), s.${state}) & 1`;
}

const SNOOZED = `(
  max(ifnull(m.snoozed, 0), s.snoozed) & 1
  AND CASE
    WHEN ifnull(m.snoozed, 0) > s.snoozed THEN m.until
    WHEN m.snoozed = s.snoozed THEN max(m.until, s.until)
    ELSE s.until END > ?4)`;

/**
 * Counts in one walk over the stretches of topics in ?1 (JSON) what is unread, at most ?6 rows: those that are seen by no other topic, of these
 * the unseen, the offsets of those that may be, and how many rows it was. ?2: the person; ?3: hidden categories; ?4: now; ?5: 1 if ranges by topic
 * may lift what is said of those that are shared, so that they must all be looked at.
 */
function counting(condition: string): string {
  return `
    WITH s AS MATERIALIZED (
      SELECT value ->> 0 AS topic, value ->> 1 AS after, value ->> 2 AS up_to, value ->> 3 AS published_from,
        value ->> 4 AS seen, value ->> 5 AS read, value ->> 6 AS archived, value ->> 7 AS snoozed, value ->> 8 AS until
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
        AND (s.published_from = 0 OR s.published_from <= (SELECT published_at FROM entries AS e WHERE e.offset = a.offset))
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
      WHERE a.topic = s.value ->> 0 AND a.offset > s.value ->> 1 AND a.offset <= s.value ->> 2 AND a.kind IS NULL
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
