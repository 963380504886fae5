import { expect, test } from 'vitest';
import { MARK_STATES } from '#clarion/protocol';
import { temporaryLog } from '../test/temporary-log.js';
import { ACCESS_QUERIES } from './access-queries.js';
import { text } from './connection.js';
import { ENTRY_QUERIES } from './entry-queries.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { dropDominated } from './mark-writer.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { BOUNDS_QUERIES, READ_QUERIES } from './read-queries.js';
import { RETENTION_QUERIES } from './retention-queries.js';

const dominated = Object.fromEntries(MARK_STATES.map((state) => [`dropDominated ${state}`, dropDominated(state)]));
const queries = {
  ...dominated,
  ...BOUNDS_QUERIES,
  ...READ_QUERIES,
  ...RETENTION_QUERIES,
  ...ACCESS_QUERIES,
  ...ENTRY_QUERIES,
  ...PEOPLE_QUERIES,
  ...INBOX_QUERIES,
};

/** The stretches, the covered ones, the topics of one entry, the hidden categories, the topics of one entry, and the bounded result. */
const COUNTING_SCANS = [
  'SCAN json_each VIRTUAL TABLE INDEX 1:',
  'SCAN s',
  'SCAN json_each VIRTUAL TABLE INDEX 1:',
  'SCAN t VIRTUAL TABLE INDEX 1:',
  'SCAN json_each VIRTUAL TABLE INDEX 1:',
  'SCAN t VIRTUAL TABLE INDEX 1:',
  'SCAN (subquery-7)',
];
/** Of a list that came with the question. */
const COUNTING_INDEX = ['SEARCH c USING AUTOMATIC COVERING INDEX (topic=?)'];

/** What may be walked: tables of a few rows, a subquery's bounded result, and what is in the order of a key that a LIMIT cuts. */
const ALLOWED_SCANS: { readonly [Q in keyof typeof queries]?: readonly string[] } = {
  epochs: ['SCAN epochs'],
  history: ['SCAN newest'],
  newestTotal: ['SCAN entries'],
  dropAllAudience: ['SCAN json_each VIRTUAL TABLE INDEX 1:'],
  dropEntryOfNobody: ['SCAN t VIRTUAL TABLE INDEX 1:'],
  /** All of it is kept in memory. */
  allKeys: ['SCAN api_keys'],
  allRevocations: ['SCAN token_revocations'],
  categories: ['SCAN categories'],
  noteReceipts: ['SCAN n VIRTUAL TABLE INDEX 1:'],
  noteOffered: ['SCAN n VIRTUAL TABLE INDEX 1:'],
  /** Ends at the first. */
  anyPreferences: ['SCAN people USING INDEX people_who_chose'],
  dropRanges: ['SCAN log'],
  dropFollows: ['SCAN log'],
  tail: ['SCAN log', 'SCAN entries'],
  firstOrphan: ['SCAN orphans'],
  /** Lists that come with the question, and the topics of one entry. */
  tombstonesInAudience: ['SCAN t VIRTUAL TABLE INDEX 1:'],
  collapsed: ['SCAN t VIRTUAL TABLE INDEX 1:'],
  takeNameOff: ['SCAN json_each VIRTUAL TABLE INDEX 1:'],
  ackedBeside: ['SCAN json_each VIRTUAL TABLE INDEX 1:'],
  heads: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  sharedOfEach: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  coveredOfEach: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  countUnread: COUNTING_SCANS,
  countUnseen: COUNTING_SCANS,
  dropEpochs: ['SCAN log', 'SCAN idempotency USING COVERING INDEX idempotency_by_expiry'],
};

function planOf(sql: string): string[] {
  const { connection } = temporaryLog();
  const numbered = [...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number));
  const parameters = numbered.length > 0 ? Math.max(...numbered) : sql.split('?').length - 1;
  return connection
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(Array.from({ length: parameters }, () => 1))
    .map((row) => text(row, 3));
}

test.for(Object.entries(queries))('%s searches by a key and sorts nothing', ([name, sql]) => {
  const plan = planOf(sql);
  // What only inserts has none.
  expect(plan.length > 0 || sql.includes('INSERT')).toBe(true);
  const made = plan.filter((line) => /TEMP B-TREE|AUTOMATIC/.test(line));
  expect(made).toEqual(name === 'countUnread' || name === 'countUnseen' ? COUNTING_INDEX : []);
  const allowed: Readonly<Record<string, readonly string[]>> = ALLOWED_SCANS;
  const scans = plan.filter((line) => line.startsWith('SCAN') && line !== 'SCAN CONSTANT ROW');
  expect(scans).toEqual(allowed[name] ?? []);
});

test.for([
  ['markedInbox', 'SEARCH marks USING INDEX marks_that_lift (user=? AND offset>? AND offset<?)'],
  ['shared', 'SEARCH audience USING COVERING INDEX audience_shared (topic=? AND offset>? AND offset<?)'],
  ['sharedOfEach', 'SEARCH a USING COVERING INDEX audience_shared (topic=? AND offset>? AND offset<?)'],
  ['coveredOfEach', 'SEARCH a USING COVERING INDEX audience_shared (topic=? AND offset>? AND offset<?)'],
  ['besideHistory', 'SEARCH entries USING INDEX entries_of_kind (offset<?)'],
  ['countUnread', 'SEARCH a USING PRIMARY KEY (topic=? AND offset>? AND offset<?)'],
  ['countUnread', 'SEARCH m USING PRIMARY KEY (user=? AND offset=?) LEFT-JOIN'],
] as const)('%s walks what it needs alone: %s', ([name, line]) => {
  expect(planOf(queries[name])).toContain(line);
});
