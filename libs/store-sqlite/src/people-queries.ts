import { entryColumns } from './entry-row.js';

/** What is asked and written of people, in one place so that a test can hold each to its query plan. */
export const PEOPLE_QUERIES = {
  /** As one row, a list for each column, in the order of the key that it walks: to say ORDER BY in a subquery takes as long again. */
  follows: `
    SELECT json_group_array(topic), json_group_array(from_offset), json_group_array(to_offset), json_group_array(since),
      json_group_array(until)
    FROM follows WHERE user = ?`,
  openFollow: 'SELECT from_offset FROM follows WHERE user = ? AND topic = ? AND to_offset IS NULL',
  countFollows: `
    SELECT count(*) FILTER (WHERE to_offset IS NULL), count(*) FILTER (WHERE to_offset IS NOT NULL)
    FROM follows WHERE user = ?`,
  followedThen: `
    SELECT 1 FROM follows
    WHERE user = ?1 AND topic = ?2 AND from_offset < ?3 AND (to_offset IS NULL OR to_offset >= ?3) LIMIT 1`,
  follow: 'INSERT INTO follows (user, topic, from_offset, since) VALUES (?, ?, ?, ?)',
  unfollow: 'UPDATE follows SET to_offset = ?4, until = ?5 WHERE user = ?1 AND topic = ?2 AND from_offset = ?3',
  dropFollow: 'DELETE FROM follows WHERE user = ? AND topic = ? AND from_offset = ?',
  followers: 'SELECT count(*) FROM follows WHERE topic = ? AND to_offset IS NULL',

  marksOf: 'SELECT seen, read, archived, snoozed, until FROM marks WHERE user = ? AND offset = ?',
  putMarks: `
    INSERT INTO marks (user, offset, seen, read, archived, snoozed, until) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (user, offset) DO UPDATE SET
      seen = excluded.seen, read = excluded.read, archived = excluded.archived,
      snoozed = excluded.snoozed, until = excluded.until`,
  emptyMarks: `
    DELETE FROM marks
    WHERE user = ? AND offset <= ? AND seen IS NULL AND read IS NULL AND archived IS NULL AND snoozed IS NULL`,
  allMarks: 'SELECT offset, seen, read, archived, snoozed, until FROM marks WHERE user = ? ORDER BY offset',
  ranges: 'SELECT state, topic, up_to, mark, until FROM range_marks WHERE user = ?',
  putRange: 'INSERT INTO range_marks (user, state, topic, up_to, mark, until) VALUES (?, ?, ?, ?, ?, ?)',
  dropRange: 'DELETE FROM range_marks WHERE user = ? AND state = ? AND topic = ? AND up_to = ?',

  preferences: 'SELECT preferences FROM people WHERE user = ?',
  anyPreferences: 'SELECT user FROM people WHERE preferences IS NOT NULL LIMIT 1',
  putPreferences: `
    INSERT INTO people (user, preferences) VALUES (?, ?)
    ON CONFLICT (user) DO UPDATE SET preferences = excluded.preferences`,
  touch: `
    INSERT INTO people (user, last_seen_at) VALUES (?, ?)
    ON CONFLICT (user) DO UPDATE SET last_seen_at = max(coalesce(last_seen_at, 0), excluded.last_seen_at)`,
  lastSeen: 'SELECT last_seen_at FROM people WHERE user = ?',
  noteMark: `
    INSERT INTO people (user, last_mark) VALUES (?, ?)
    ON CONFLICT (user) DO UPDATE SET last_mark = excluded.last_mark`,
  lastMark: 'SELECT last_mark FROM people WHERE user = ?',

  remembered: `
    SELECT consists_of, head, removals, counted_at, ends_at, unread, unseen FROM remembered
    WHERE user = ? AND lifts = ?`,
  /** Of two the later. */
  remember: `
    INSERT INTO remembered (user, consists_of, head, removals, lifts, counted_at, ends_at, unread, unseen)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (user) DO UPDATE SET
      consists_of = excluded.consists_of, head = excluded.head, removals = excluded.removals, lifts = excluded.lifts,
      counted_at = excluded.counted_at, ends_at = excluded.ends_at, unread = excluded.unread, unseen = excluded.unseen
    WHERE excluded.head >= remembered.head`,
  countErasure: 'UPDATE log SET erasures = erasures + 1',

  categories: 'SELECT definition FROM categories ORDER BY id',
  putCategory: `
    INSERT INTO categories (id, definition) VALUES (?, ?)
    ON CONFLICT (id) DO UPDATE SET definition = excluded.definition`,
  deleteCategory: 'DELETE FROM categories WHERE id = ?',

  noteReceipt: `
    INSERT INTO receipts (offset, user, stage, at, transport, device)
    SELECT offset, ?2, ?3, ?4, ?5, ?6 FROM entries WHERE offset = ?1
    ON CONFLICT DO NOTHING`,
  /** The same of many, as JSON: entering the native library for each would cost more than a row does. */
  noteReceipts: `
    INSERT INTO receipts (offset, user, stage, at, transport, device)
    SELECT e.offset, n.value ->> 1, n.value ->> 2, n.value ->> 3, n.value ->> 4, n.value ->> 5
    FROM json_each(?) AS n CROSS JOIN entries AS e ON e.offset = n.value ->> 0
    WHERE true ON CONFLICT DO NOTHING`,
  noteOffered: `
    INSERT INTO offered (offset, connections)
    SELECT e.offset, n.value ->> 1 FROM json_each(?) AS n CROSS JOIN entries AS e ON e.offset = n.value ->> 0
    WHERE true ON CONFLICT (offset) DO UPDATE SET connections = connections + excluded.connections`,
  receipts: 'SELECT stage, at, transport, device FROM receipts WHERE offset = ? AND user = ?',
  receiptsOfUser: `
    SELECT r.offset, r.stage, r.at, r.transport, r.device
    FROM receipts AS r WHERE r.user = ? ORDER BY r.offset`,
  offered: 'SELECT connections FROM offered WHERE offset = ?',
  ackedBeside: `
    SELECT count(*) FROM receipts
    WHERE offset = ? AND stage = 'acked' AND user NOT IN (SELECT value FROM json_each(?))`,

  notificationsOf: `
    SELECT ${entryColumns('e')} FROM audience AS a CROSS JOIN entries AS e ON e.offset = a.offset
    WHERE a.topic = ? AND a.kind IS NULL ORDER BY a.offset`,
  addressedTo: `
    SELECT e.offset, json_array_length(e.topics) FROM audience AS a CROSS JOIN entries AS e ON e.offset = a.offset
    WHERE a.topic = ? LIMIT ?`,
  /** Where retention took the person's own row. */
  trimmedOf: 'SELECT offset FROM trimmed WHERE user = ?',
  takeNameOff: `
    UPDATE entries SET topics = (SELECT json_group_array(value) FROM json_each(entries.topics) WHERE value <> ?2)
    WHERE offset = ?1`,
  /** Of what they have published, named as `principalId` does. */
  eraseClaims: `DELETE FROM idempotency WHERE scope = 'user:' || ?`,
  eraseMarks: 'DELETE FROM marks WHERE user = ?',
  eraseRanges: 'DELETE FROM range_marks WHERE user = ?',
  eraseFollows: 'DELETE FROM follows WHERE user = ?',
  eraseReceipts: `
    DELETE FROM receipts
    WHERE (offset, user) IN (SELECT offset, user FROM receipts WHERE user = ?)`,
  eraseTrimmed: 'DELETE FROM trimmed WHERE user = ?',
  eraseRemembered: 'DELETE FROM remembered WHERE user = ?',
  erasePerson: 'DELETE FROM people WHERE user = ?',
} as const;
