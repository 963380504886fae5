/** What retention asks, in one place so that a test can hold each to its query plan. */
export const RETENTION_QUERIES = {
  /** What was appended about something older is as young as it came. */
  aboveFloor: `
    SELECT offset, coalesce(appended_at, published_at), bytes, total FROM entries
    WHERE offset > ? ORDER BY offset LIMIT ?`,
  newestTotal: 'SELECT total FROM entries ORDER BY offset DESC LIMIT 1',
  belowFloor: `
    SELECT offset, published_at, json_array_length(topics) FROM entries
    WHERE offset > ? AND offset <= ? ORDER BY offset LIMIT ?`,
  nextTopicOfAll: 'SELECT topic FROM audience WHERE topic >= ? ORDER BY topic LIMIT 1',
  oldestOf: 'SELECT offset FROM audience WHERE topic = ? ORDER BY offset LIMIT 1',
  /** Walks as many index entries as a topic may keep. */
  firstTooMany: `
    SELECT offset FROM audience WHERE topic = ? AND kind IS NULL ORDER BY offset DESC LIMIT 1 OFFSET ?`,
  /** No history has what is no notification. */
  besideHistory: `
    SELECT offset, json_array_length(topics) FROM entries
    WHERE kind IS NOT NULL AND offset <= ? ORDER BY offset LIMIT ?`,
  /** Walks past those above the floor. */
  over: `
    SELECT offset, json_array_length(topics) FROM entries
    WHERE expires_at <= ? AND offset <= ? ORDER BY expires_at LIMIT ?`,
  raiseFloor: 'UPDATE log SET floor = ?1 WHERE singleton = 1 AND floor < ?1',
  /**
   * An epoch goes when nothing that is kept belongs to it or to an older one: neither the floor, nor an entry of the history, nor a
   * claim whose answer may be asked for again. Claims expire in the order in which they were made.
   */
  dropEpochs: `
    DELETE FROM epochs WHERE first_offset < (
      SELECT max(first_offset) FROM epochs WHERE first_offset <= min(
        (SELECT floor FROM log),
        coalesce((SELECT min(offset) FROM entries), 9007199254740991),
        coalesce((SELECT offset FROM idempotency WHERE offset IS NOT NULL ORDER BY expires_at LIMIT 1), 9007199254740991)))`,
  /** And whether another topic may show again what this one does not. */
  oldestUpTo: `
    SELECT offset, shared = 1 AND collapsed_at IS NOT NULL FROM audience
    WHERE topic = ? AND offset <= ? ORDER BY offset LIMIT ?`,
  /** By whoever has removed something from topics, once in its transaction: what is remembered of inboxes may be gone. */
  countRemoval: 'UPDATE log SET removals = removals + 1',
  /** By whoever has removed something without which anybody's inbox may have more: nothing that is remembered holds any more. */
  countLift: 'UPDATE log SET lifts = lifts + 1',
  dropAudience: 'DELETE FROM audience WHERE topic = ? AND offset = ?',
  noteTrimmed: 'INSERT INTO trimmed (user, offset) VALUES (?, ?) ON CONFLICT DO NOTHING',
  dropTrimmed: 'DELETE FROM trimmed WHERE offset = ?',
  dropAllAudience: `
    DELETE FROM audience
    WHERE offset = ?1 AND topic IN (SELECT value FROM entries, json_each(entries.topics) WHERE entries.offset = ?1)`,
  dropEntry: 'DELETE FROM entries WHERE offset = ?',
  /** Ends at the first addressee that still keeps the entry. */
  dropEntryOfNobody: `
    DELETE FROM entries
    WHERE offset = ?1 AND NOT EXISTS (
      SELECT 1 FROM json_each(entries.topics) AS t
      CROSS JOIN audience AS a ON a.topic = t.value AND a.offset = ?1)`,
  dropClaims: `
    DELETE FROM idempotency
    WHERE (scope, key) IN (SELECT scope, key FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  noteOrphans: `
    INSERT INTO orphans (offset) SELECT ?1
    WHERE EXISTS (SELECT 1 FROM marks WHERE offset = ?1) OR EXISTS (SELECT 1 FROM receipts WHERE offset = ?1)
      OR EXISTS (SELECT 1 FROM offered WHERE offset = ?1) OR EXISTS (SELECT 1 FROM pushes WHERE offset = ?1)
      OR EXISTS (SELECT 1 FROM choices WHERE offset = ?1)
    ON CONFLICT DO NOTHING`,
  firstOrphan: 'SELECT offset FROM orphans ORDER BY offset LIMIT 1',
  dropMarks: `
    DELETE FROM marks WHERE (user, offset) IN (SELECT user, offset FROM marks WHERE offset = ? LIMIT ?)`,
  dropReceipts: `
    DELETE FROM receipts
    WHERE (offset, user, stage) IN (SELECT offset, user, stage FROM receipts WHERE offset = ? LIMIT ?)`,
  dropOffered: 'DELETE FROM offered WHERE offset = ?',
  dropOrphan: 'DELETE FROM orphans WHERE offset = ?',
  /** Nothing that a range is about is kept any more. */
  dropRanges: `
    DELETE FROM range_marks WHERE (user, state, topic, up_to) IN (
      SELECT user, state, topic, up_to FROM range_marks
      WHERE up_to < coalesce((SELECT min(offset) FROM entries), (SELECT floor FROM log)) LIMIT ?)`,
  dropFollows: `
    DELETE FROM follows WHERE (user, topic, from_offset) IN (
      SELECT user, topic, from_offset FROM follows
      WHERE to_offset < coalesce((SELECT min(offset) FROM entries), (SELECT floor FROM log)) LIMIT ?)`,
  dropRemembered: `
    DELETE FROM remembered WHERE rowid IN (
      SELECT rowid FROM remembered
      WHERE head < coalesce((SELECT min(offset) FROM entries), (SELECT floor FROM log) + 1) LIMIT ?)`,
} as const;
