/** What retention asks, in one place so that a test can hold each to its query plan. */
export const RETENTION_QUERIES = {
  aboveFloor: 'SELECT offset, published_at, bytes, total FROM entries WHERE offset > ? ORDER BY offset LIMIT ?',
  newestTotal: 'SELECT total FROM entries ORDER BY offset DESC LIMIT 1',
  belowFloor: `
    SELECT offset, published_at, json_array_length(topics) FROM entries
    WHERE offset > ? AND offset <= ? ORDER BY offset LIMIT ?`,
  nextTopicOfAll: 'SELECT topic FROM audience WHERE topic >= ? ORDER BY topic LIMIT 1',
  oldestOf: 'SELECT offset FROM audience WHERE topic = ? ORDER BY offset LIMIT 1',
  /** Walks as many index entries as a topic may keep. */
  firstTooMany: 'SELECT offset FROM audience WHERE topic = ? ORDER BY offset DESC LIMIT 1 OFFSET ?',
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
  oldestUpTo: 'SELECT offset FROM audience WHERE topic = ? AND offset <= ? ORDER BY offset LIMIT ?',
  dropAudience: 'DELETE FROM audience WHERE topic = ? AND offset = ?',
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
} as const;
