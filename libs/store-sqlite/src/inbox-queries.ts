import type { InboxFilter } from '#clarion/protocol';
import { entryColumns } from './entry-row.js';
import { SEGMENT_COLUMNS, segmentsIn, upToOr } from './segment-list.js';

/** What is said of all the stretches of a walk. What is walked is listed unless a mark of its own says otherwise, so that a greater mark that holds decides. */
const BASE = { seen: '?7', read: '?8', archived: '?9', snoozed: '?10' } as const;

function isMarked(state: 'seen' | 'read' | 'archived'): string {
  return `(m.${state} & 1 AND m.${state} > ${BASE[state]})`;
}

/** Of two snoozes of one moment the longer counts, and that of the stretch is over. */
const IS_ASLEEP = `(m.snoozed & 1 AND m.snoozed >= ${BASE.snoozed} AND m.until > ?4)`;

const IS_TOLD = '(?5 AND a.shared IS NOT NULL)';

/** Whether in another of its topics a newer one has its key: then it matters by which it is seen. */
const COLLAPSED_ELSEWHERE = `EXISTS (
  SELECT 1 FROM entries AS e CROSS JOIN json_each(e.topics) AS t
  CROSS JOIN audience AS o ON o.topic = t.value AND o.offset = e.offset
  WHERE e.offset = a.offset AND o.collapsed_at IS NOT NULL)`;

/** Whether one of its topics is covered here. Its row of that topic may be gone, though not the notification: so the notification itself is asked. */
const COVERED = `EXISTS (
  SELECT 1 FROM entries AS e CROSS JOIN json_each(e.topics) AS t CROSS JOIN c ON c.topic = t.value
  WHERE e.offset = a.offset AND e.offset > c.after AND e.offset <= c.up_to)`;

/**
 * Finds in one walk over the stretches in ?1 ({@link segmentList}) what is unread, at most ?6 rows: the offsets of the unseen, of the seen, and of those
 * that must be looked at one by one; how many rows it was, how many of them may be seen by other topics, and when the first of them is over.
 * ?2: the person; ?3: hidden categories; ?4: now; ?5: 1 when of all that may be seen by other topics it is only told which they are, else 0;
 * ?7 to ?10: what is said of all the stretches; ?11: nothing published before; ?12: stretches of topics in which nothing is counted, by whatever
 * topic it is seen, and ?13: up to where their rows may be gone.
 *
 * Marks are asked before categories: of most of what many have read nothing else need be known. CASE, since AND and OR in a column ask both sides.
 */
function counting(isPutAway: string): string {
  return `
    WITH s AS MATERIALIZED (${segmentsIn('?1')}), c AS MATERIALIZED (${segmentsIn('?12')})
    SELECT json_group_array(offset) FILTER (WHERE NOT unsure AND unseen),
      json_group_array(offset) FILTER (WHERE NOT unsure AND NOT unseen),
      json_group_array(offset) FILTER (WHERE unsure),
      count(*), count(shared), min(expires_at)
    FROM (
      SELECT a.offset, a.shared, a.expires_at, max(ifnull(m.seen, 0), ${BASE.seen}) & 1 = 0 AS unseen,
        CASE WHEN ${IS_TOLD} THEN 1 WHEN a.shared = 1 AND a.collapse_key IS NOT NULL THEN ${COLLAPSED_ELSEWHERE} ELSE 0 END AS unsure
      FROM s CROSS JOIN audience AS a ON a.topic = s.topic AND a.offset > s.after AND a.offset <= s.up_to
      LEFT JOIN marks AS m ON m.user = ?2 AND m.offset = a.offset
      WHERE a.kind IS NULL AND (a.expires_at IS NULL OR a.expires_at > ?4)
        AND (a.collapsed_at IS NULL OR ${IS_TOLD})
        AND CASE
          WHEN NOT ${IS_TOLD} AND (${isPutAway} OR ${isMarked('archived')} OR ${IS_ASLEEP}) THEN 0
          WHEN a.category IS NULL THEN 1
          ELSE a.category NOT IN (SELECT value FROM json_each(?3)) END
        AND (?11 = 0 OR ?11 <= (SELECT published_at FROM entries AS e WHERE e.offset = a.offset))
        AND (a.shared IS NULL OR a.offset > ?13 OR NOT ${COVERED})
      LIMIT ?6)`;
}

/** Of a row of the list of stretches. */
const IN_STRETCH = `
  a.topic = ${SEGMENT_COLUMNS.topic} AND a.offset > ${SEGMENT_COLUMNS.after} AND a.offset <= ${SEGMENT_COLUMNS.upTo}`;

/**
 * Of each stretch in ?1 what a query finds, as one list of lists: rows of their own cost more than what is in them.
 * @param offsets what a query of offsets selects from: to say how many in a query within it costs a fifth more.
 */
function ofEach(offsets: string): string {
  return `SELECT json_group_array((SELECT json_group_array(offset) FROM ${offsets})) FROM json_each(?1) AS s`;
}

const ROWS_OF_STRETCH = `audience AS a WHERE ${IN_STRETCH} AND a.kind IS NULL`;

/** From the row of its first topic, unless retention took that: columns of the entry itself lie behind its body. */
function trait(column: 'kind' | 'expires_at' | 'category' | 'collapse_key'): string {
  return `CASE WHEN a.offset IS NULL THEN e.${column} ELSE a.${column} END`;
}

/**
 * Of the notifications in ?2 (a list of offsets) their topics, offset, time, whether they have a key, what ?1 said of them, when they are over and whether their first topic has them still, as one list: those that are shown at
 * ?3, not of the hidden categories in ?4, and of the category ?5 if it is not null. @param isPutAway what a mark says of those that the list never has.
 */
function candidates(isPutAway: string): string {
  return `
    SELECT json_group_array(json_array(
      json(e.topics), e.offset, e.published_at, ${trait('collapse_key')} IS NOT NULL,
      m.seen, m.read, m.archived, m.snoozed, m.until, ${trait('expires_at')}, a.offset IS NOT NULL))
    FROM json_each(?2) AS s LEFT JOIN marks AS m ON m.user = ?1 AND m.offset = s.value
    CROSS JOIN entries AS e ON e.offset = s.value
    LEFT JOIN audience AS a ON a.topic = json_extract(e.topics, '$[0]') AND a.offset = s.value
    WHERE NOT ifnull(${isPutAway}, 0) AND ${trait('kind')} IS NULL AND ifnull(${trait('expires_at')} > ?3, 1)
      AND ifnull(${trait('category')} NOT IN (SELECT value FROM json_each(?4)), 1)
      AND (?5 IS NULL OR ${trait('category')} = ?5)`;
}

/** What marks of single notifications put away for good, beyond ?2. @param most whether ?3 says at most how many. */
function settled(isSettled: string, most?: 'limited'): string {
  const from = `marks WHERE user = ?1 AND offset > ?2 AND (${isSettled})`;
  const selected = most === undefined ? from : `(SELECT offset FROM ${from} ORDER BY offset LIMIT ?3)`;
  return `SELECT json_group_array(offset) FROM ${selected}`;
}
const [PUT_AWAY, SEEN_OR_PUT_AWAY] = ['read & 1 OR archived & 1', 'seen & 1 OR read & 1 OR archived & 1'];

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
  countUnread: counting(isMarked('read')),
  countUnseen: counting(`${isMarked('read')} OR ${isMarked('seen')}`),
  settledUnread: settled(PUT_AWAY),
  settledUnseen: settled(SEEN_OR_PUT_AWAY),
  oldestSettledUnread: settled(PUT_AWAY, 'limited'),
  oldestSettledUnseen: settled(SEEN_OR_PUT_AWAY, 'limited'),
  rowsOfEach: ofEach(ROWS_OF_STRETCH),
  /** Of each stretch the oldest ?2 notifications. */
  oldestRowsOfEach: ofEach(`(SELECT a.offset FROM ${ROWS_OF_STRETCH} ORDER BY a.offset LIMIT ?2)`),
  /** Of each stretch the newest ?2 notifications. */
  newestOfEach: ofEach(`(SELECT a.offset FROM ${ROWS_OF_STRETCH} ORDER BY a.offset DESC LIMIT ?2)`),
  /** Of each stretch what is seen by other topics too, all of it in the order of the index: as much as retention leaves. */
  sharedOfEach: `
    SELECT json_group_array((SELECT json_group_array(a.offset) FROM audience AS a WHERE ${IN_STRETCH} AND a.shared = 1))
    FROM json_each(?) AS s`,
  /** Of the topic of each stretch the oldest that it has. */
  oldestOfEach: `
    SELECT json_group_array((
      SELECT a.offset FROM audience AS a WHERE a.topic = ${SEGMENT_COLUMNS.topic} ORDER BY a.offset LIMIT 1))
    FROM json_each(?) AS s`,
  /** The newest notification of each stretch of a topic, as one list; ?2: where those end that say nothing else. */
  heads: `
    SELECT json_group_array((
      SELECT a.offset FROM audience AS a
      WHERE a.topic = ${SEGMENT_COLUMNS.topic} AND a.offset > ${SEGMENT_COLUMNS.after}
        AND a.offset <= ${upToOr('?2')} AND a.kind IS NULL
      ORDER BY a.offset DESC LIMIT 1))
    FROM json_each(?1) AS s`,
  candidates: candidates('0'),
  candidatesOfInbox: candidates('m.archived & 1'),
  candidatesOfUnread: candidates('m.read & 1 OR m.archived & 1'),
  candidatesOfUnseen: candidates('m.seen & 1 OR m.read & 1 OR m.archived & 1'),
  /** In the order of a list of offsets. */
  entries: `SELECT ${entryColumns('e')} FROM json_each(?) AS s CROSS JOIN entries AS e ON e.offset = s.value`,
  /** Of what came by this topic, that which is seen by another one. */
  shared: `
    SELECT offset FROM audience
    WHERE topic = ? AND offset > ? AND offset <= ? AND shared = 1 ORDER BY offset DESC LIMIT ?`,
  /**
   * Where the log ends, how often something was removed from its topics, how often that may have lifted something, how often somebody was erased, and up to
   * where entries may be gone.
   */
  state: 'SELECT coalesce((SELECT max(offset) FROM entries), 0), removals, lifts, erasures, floor FROM log',
  head: 'SELECT coalesce(max(offset), 0) FROM entries',
  /**
   * What came by the topics in ?1 (JSON) after ?2, at most ?3 rows: the offsets of notifications without a key, beside them the places of their topics in
   * the list, of all others topic, offset, kind and collapse key, and how many rows that were.
   */
  sinceByTopics: `
    SELECT json_group_array(offset) FILTER (WHERE is_plain), json_group_array(place) FILTER (WHERE is_plain),
      json_group_array(json_array(topic, offset, kind, collapse_key)) FILTER (WHERE NOT is_plain), count(*)
    FROM (
      SELECT a.topic, s.key AS place, a.offset, a.kind, a.collapse_key, a.kind IS NULL AND a.collapse_key IS NULL AS is_plain
      FROM json_each(?1) AS s CROSS JOIN audience AS a ON a.topic = s.value AND a.offset > ?2 LIMIT ?3)`,
  /** Bytes of bodies after the first entry beyond ?1. */
  bytesSince: `
    SELECT (SELECT total FROM entries ORDER BY offset DESC LIMIT 1) - (SELECT total FROM entries WHERE offset > ?1 ORDER BY offset LIMIT 1)`,
  /** Topic, offset, kind and collapse key of all after ?1, by whatever topics, at most ?2, as one list. */
  since: `
    SELECT json_group_array(json_array(topic, offset, kind, collapse_key))
    FROM (
      SELECT t.value AS topic, e.offset, e.kind, e.collapse_key
      FROM entries AS e CROSS JOIN json_each(e.topics) AS t WHERE e.offset > ?1 LIMIT ?2)`,
  /** Of updates and tombstones: their notifications. */
  aboutEach: 'SELECT e.about FROM json_each(?) AS s CROSS JOIN entries AS e ON e.offset = s.value',
  bodies: 'SELECT e.body FROM json_each(?) AS s CROSS JOIN entries AS e ON e.offset = s.value',
  /** Of a list of topics, keys and offsets what has that key before. */
  sameKeyBeforeEach: `
    SELECT offset FROM (
      SELECT (
        SELECT a.offset FROM audience AS a
        WHERE a.topic = s.value ->> 0 AND a.collapse_key = s.value ->> 1 AND a.offset < s.value ->> 2
        ORDER BY a.offset DESC LIMIT 1) AS offset
      FROM json_each(?) AS s)
    WHERE offset IS NOT NULL`,
  /** Of a list of ids the notifications that have them: what became of one later has its id too. */
  offsetsOfIds: `
    SELECT offset FROM (
      SELECT (SELECT e.offset FROM entries AS e WHERE e.id = s.value ORDER BY e.offset LIMIT 1) AS offset FROM json_each(?) AS s)
    WHERE offset IS NOT NULL`,
  /** When the first snooze of a single notification ends. */
  nextAwake: `
    SELECT until FROM marks INDEXED BY marks_asleep
    WHERE user = ? AND until > ? ORDER BY until LIMIT 1`,
  /** Of which single notifications snoozes ended after ?2, until ?3, at most ?4. */
  awakened: `
    SELECT offset FROM marks INDEXED BY marks_asleep
    WHERE user = ? AND until > ? AND until <= ? LIMIT ?`,
  addressed: 'SELECT topics, published_at FROM entries WHERE offset = ?',
  /** What inboxes must know of a notification without its entry, whose columns lie behind the body. */
  standsIn: 'SELECT collapsed_at, kind, expires_at, category FROM audience WHERE topic = ? AND offset = ?',
  markedInbox: marked('inbox'),
  markedRead: marked('read'),
  markedArchived: marked('archived'),
  markedSnoozed: marked('snoozed'),
} as const;
