import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MARK_STATES } from '#clarion/protocol';
import { ACCESS_QUERIES } from './access-queries.js';
import { text } from './connection.js';
import { ENTRY_QUERIES } from './entry-queries.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { LogFile } from './log-file.js';
import { dropDominated } from './mark-writer.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { PUSH_QUERIES } from './push-queries.js';
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
  ...PUSH_QUERIES,
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
  ...Object.fromEntries(Object.keys(dominated).map((name) => [name, ['SCAN t VIRTUAL TABLE INDEX 1:']])),
  closeUpTo: ['SCAN t VIRTUAL TABLE INDEX 1:'],
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
  countRemoval: ['SCAN log'],
  countLift: ['SCAN log'],
  countErasure: ['SCAN log'],
  aboutEach: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  bodies: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  sameKeyBeforeEach: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  offsetsOfIds: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  dropRanges: ['SCAN log'],
  dropFollows: ['SCAN log'],
  dropRemembered: ['SCAN log'],
  tail: ['SCAN log', 'SCAN entries'],
  bytesSince: ['SCAN entries'],
  firstOrphan: ['SCAN orphans'],
  /** Lists that come with the question, and the topics of one entry. */
  tombstonesInAudience: ['SCAN t VIRTUAL TABLE INDEX 1:'],
  collapsed: ['SCAN t VIRTUAL TABLE INDEX 1:'],
  takeNameOff: ['SCAN json_each VIRTUAL TABLE INDEX 1:'],
  ackedBeside: ['SCAN json_each VIRTUAL TABLE INDEX 1:'],
  heads: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  oldestSettledUnread: ['SCAN (subquery-1)'],
  oldestSettledUnseen: ['SCAN (subquery-1)'],
  rowsOfEach: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  oldestRowsOfEach: ['SCAN s VIRTUAL TABLE INDEX 1:', 'SCAN (subquery-1)'],
  newestOfEach: ['SCAN s VIRTUAL TABLE INDEX 1:', 'SCAN (subquery-1)'],
  entries: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  candidates: ['SCAN s VIRTUAL TABLE INDEX 1:', 'SCAN json_each VIRTUAL TABLE INDEX 1:'],
  candidatesOfInbox: ['SCAN s VIRTUAL TABLE INDEX 1:', 'SCAN json_each VIRTUAL TABLE INDEX 1:'],
  candidatesOfUnread: ['SCAN s VIRTUAL TABLE INDEX 1:', 'SCAN json_each VIRTUAL TABLE INDEX 1:'],
  candidatesOfUnseen: ['SCAN s VIRTUAL TABLE INDEX 1:', 'SCAN json_each VIRTUAL TABLE INDEX 1:'],
  sharedOfEach: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  oldestOfEach: ['SCAN s VIRTUAL TABLE INDEX 1:'],
  sinceByTopics: ['SCAN s VIRTUAL TABLE INDEX 1:', 'SCAN (subquery-1)'],
  since: ['SCAN t VIRTUAL TABLE INDEX 1:', 'SCAN (subquery-1)'],
  state: ['SCAN log'],
  countUnread: COUNTING_SCANS,
  countUnseen: COUNTING_SCANS,
  /** Ends at the first. */
  anyDevice: ['SCAN devices USING COVERING INDEX sqlite_autoindex_devices_2'],
  insertDue: ['SCAN d VIRTUAL TABLE INDEX 1:', 'SCAN u VIRTUAL TABLE INDEX 3:'],
  /** Of the next followers, a bounded number. */
  followersWithDevices: ['SCAN f'],
  topicsHad: ['SCAN t VIRTUAL TABLE INDEX 1:'],
  insertPushes: ['SCAN p VIRTUAL TABLE INDEX 1:'],
  overfull: ['SCAN p VIRTUAL TABLE INDEX 1:'],
  enqueueAll: ['SCAN p VIRTUAL TABLE INDEX 1:'],
  hostsOfAll: ['SCAN p VIRTUAL TABLE INDEX 1:'],
  /** Once, when the server starts. */
  claimedQueues: ['SCAN push_queues'],
  releaseQueues: ['SCAN push_queues'],
  nextHost: ['SCAN json_each VIRTUAL TABLE INDEX 1:'],
  nextDevice: ['SCAN e VIRTUAL TABLE INDEX 1:'],
  noteTakenBack: ['SCAN json_each VIRTUAL TABLE INDEX 1:'],
  closeEach: ['SCAN json_each VIRTUAL TABLE INDEX 1:'],
  setShown: ['SCAN json_each VIRTUAL TABLE INDEX 1:'],
  /** All that waits is counted. */
  waiting: [
    'SCAN due_pushes USING COVERING INDEX due_pushes_by_time',
    'SCAN pushes USING COVERING INDEX pushes_waiting',
  ],
  dropEpochs: ['SCAN log', 'SCAN idempotency USING COVERING INDEX idempotency_by_expiry'],
};

let log: LogFile;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'clarion-plans-'));
  log = LogFile.open({ file: join(directory, 'log.db'), cacheKib: 1_024, checkpointPages: 1_000 });
});

afterAll(() => {
  log.close();
  rmSync(directory, { recursive: true, force: true });
});

function planOf(sql: string): string[] {
  const numbered = [...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number));
  const parameters = numbered.length > 0 ? Math.max(...numbered) : sql.split('?').length - 1;
  return log.connection
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
  ['settledUnread', 'SEARCH marks USING PRIMARY KEY (user=? AND offset>?)'],
  ['oldestSettledUnread', 'SEARCH marks USING PRIMARY KEY (user=? AND offset>?)'],
  ['oldestRowsOfEach', 'SEARCH a USING PRIMARY KEY (topic=? AND offset>? AND offset<?)'],
  ['rowsOfEach', 'SEARCH a USING PRIMARY KEY (topic=? AND offset>? AND offset<?)'],
  ['sharedOfEach', 'SEARCH a USING COVERING INDEX audience_shared (topic=? AND offset>? AND offset<?)'],
  ['besideHistory', 'SEARCH entries USING INDEX entries_of_kind (offset<?)'],
  ['countUnread', 'SEARCH a USING PRIMARY KEY (topic=? AND offset>? AND offset<?)'],
  ['nextHost', 'SEARCH push_hosts USING COVERING INDEX push_hosts_by_time (next_at<?)'],
  ['nextDevice', 'SEARCH q USING COVERING INDEX push_queues_by_host (host=? AND next_at<?)'],
  ['firstWaiting', 'SEARCH pushes USING INDEX pushes_waiting (user=? AND device=?)'],
  ['followersWithDevices', 'SEARCH follows USING INDEX follows_open (topic=? AND user>?)'],
  ['closeUpTo', 'SEARCH pushes USING COVERING INDEX pushes_shown (user=? AND offset<?)'],
  [
    'sameTagLater',
    'SEARCH pushes USING COVERING INDEX pushes_by_tag (user=? AND device=? AND collapse_key=? AND rowid>?)',
  ],
  ['sinceByTopics', 'SEARCH a USING PRIMARY KEY (topic=? AND offset>?)'],
  ['since', 'SEARCH e USING INTEGER PRIMARY KEY (rowid>?)'],
  ['follows', 'SEARCH follows USING PRIMARY KEY (user=?)'],
  ['nextAwake', 'SEARCH marks USING COVERING INDEX marks_asleep (user=? AND until>?)'],
  ['awakened', 'SEARCH marks USING COVERING INDEX marks_asleep (user=? AND until>? AND until<?)'],
  ['remembered', 'SEARCH remembered USING INDEX sqlite_autoindex_remembered_1 (user=?)'],
  ['countUnread', 'SEARCH m USING PRIMARY KEY (user=? AND offset=?) LEFT-JOIN'],
] as const)('%s walks what it needs alone: %s', ([name, line]) => {
  expect(planOf(queries[name])).toContain(line);
});
