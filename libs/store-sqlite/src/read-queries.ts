import { entryColumns } from './entry-row.js';

/** Where the log begins and ends. */
export const BOUNDS_QUERIES = {
  /** The head is the last offset given: an entry, an epoch's start or, when everything was pruned, the floor. */
  edges: `
    SELECT max(floor, coalesce((SELECT max(offset) FROM entries), 0), coalesce((SELECT max(first_offset) FROM epochs), 0)), floor
    FROM log WHERE singleton = 1`,
  epochs: 'SELECT first_offset, id FROM epochs ORDER BY first_offset',
} as const;

/** What readers ask, in one place so that a test can hold each to its query plan: every one an index search, none sorts. */
export const READ_QUERIES = {
  entry: `SELECT ${entryColumns()} FROM entries WHERE offset = ?`,
  anyTopic: 'SELECT offset FROM entries WHERE offset > ? AND offset <= ? ORDER BY offset LIMIT ?',
  oneTopic: 'SELECT offset FROM audience WHERE topic = ? AND offset > ? AND offset <= ? ORDER BY offset LIMIT ?',
  /** One step of a loose index scan: the next topic that exists, however many entries the one before has. */
  nextTopic: 'SELECT topic FROM audience WHERE topic >= ? AND topic < ? ORDER BY topic LIMIT 1',
  scan: 'SELECT offset, topics FROM entries WHERE offset > ? AND offset <= ? ORDER BY offset LIMIT ?',
  history: `
    SELECT ${entryColumns('e')}
    FROM (
      SELECT offset FROM audience
      WHERE topic = ? AND offset < ? AND kind IS NULL AND (expires_at IS NULL OR expires_at > ?)
      ORDER BY offset DESC LIMIT ?) AS newest
    CROSS JOIN entries AS e ON e.offset = newest.offset
    WHERE e.published_at >= ? LIMIT ?`,
} as const;
