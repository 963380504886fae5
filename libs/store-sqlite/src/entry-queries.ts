import { entryColumns } from './entry-row.js';

/** What the writer asks and does on the way of an entry into the log, and what finds a notification by its id. */
export const ENTRY_QUERIES = {
  tail: `
    SELECT max(
      (SELECT floor FROM log),
      coalesce((SELECT max(offset) FROM entries), 0),
      coalesce((SELECT max(first_offset) FROM epochs), 0)
    ), coalesce((SELECT total FROM entries ORDER BY offset DESC LIMIT 1), 0)`,
  sameKeyBefore: `
    SELECT offset FROM audience
    WHERE topic = ? AND collapse_key = ? AND offset < ? ORDER BY offset DESC LIMIT 1`,
  /** What was in between may be forgotten by now: what has been replaced stays so. */
  collapse: `
    UPDATE audience SET collapsed_by = ?3, collapsed_at = ?4
    WHERE topic = ?1 AND offset = ?2 AND collapsed_at IS NULL`,
  /** Updates and retractions have the id of their notification, which came before them. */
  firstOfId: `SELECT ${entryColumns()} FROM entries WHERE id = ? ORDER BY offset LIMIT 1`,
  countUpdates: "SELECT count(*) FROM entries WHERE id = ? AND kind = 'updated'",
  /** Of a notification: its place and the bodies of its updates. */
  replaceBodies: `
    UPDATE entries SET body = ?2 WHERE offset IN (
      SELECT offset FROM entries WHERE id = ?1 AND (kind IS NULL OR kind = 'updated'))`,
  replaceByTombstones: `
    UPDATE entries SET body = ?2, kind = 'retracted', about = ?3 WHERE offset IN (
      SELECT offset FROM entries WHERE id = ?1 AND (kind IS NULL OR kind = 'updated'))`,
  tombstonesInAudience: `
    UPDATE audience SET kind = 'retracted' WHERE (topic, offset) IN (
      SELECT t.value, e.offset FROM entries AS e CROSS JOIN json_each(e.topics) AS t WHERE e.id = ?)`,
  collapsed: `
    SELECT a.topic, a.collapsed_by, a.collapsed_at FROM entries AS e CROSS JOIN json_each(e.topics) AS t
    CROSS JOIN audience AS a ON a.topic = t.value AND a.offset = e.offset
    WHERE e.offset = ? AND a.collapsed_by IS NOT NULL`,
} as const;
