import { expect, test } from 'vitest';
import { temporaryLog } from '../test/temporary-log.js';
import { ACCESS_QUERIES } from './access-queries.js';
import { text } from './connection.js';
import { BOUNDS_QUERIES, READ_QUERIES } from './read-queries.js';
import { RETENTION_QUERIES } from './retention-queries.js';

const queries = { ...BOUNDS_QUERIES, ...READ_QUERIES, ...RETENTION_QUERIES, ...ACCESS_QUERIES };

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
  expect(plan.filter((line) => /TEMP B-TREE|AUTOMATIC/.test(line))).toEqual([]);
  const allowed: Readonly<Record<string, readonly string[]>> = ALLOWED_SCANS;
  const scans = plan.filter((line) => line.startsWith('SCAN') && line !== 'SCAN CONSTANT ROW');
  expect(scans).toEqual(allowed[name] ?? []);
});
