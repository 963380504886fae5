import { expect, test } from 'vitest';
import type { AppendRequest, AppendResult } from '#clarion/notifications';
import { packBatch, packResults, unpackBatch, unpackResults } from './packed-batch.js';

const claim = { scope: 'key:1', key: 'k', fingerprint: 'f', expiresAt: 5 };
const PLAIN: AppendRequest = { id: 'a', entry: { topics: ['t'], publishedAt: 1, body: '"title":"x"' } };
const REQUESTS: AppendRequest[] = [
  PLAIN,
  { id: 'b', entry: { topics: ['t', 'u', 'v'], publishedAt: 2, body: '' } },
  { id: 'c', entry: null, idempotency: claim },
  { id: 'd', entry: { topics: [], publishedAt: 3, body: 'ü\u2028' }, idempotency: claim },
  { id: 'e', entry: null },
  { id: 'f', entry: { topics: ['t'], publishedAt: 4, body: '' }, pushAt: 5 },
  { id: 'g', entry: { topics: ['t'], publishedAt: 4, body: '' }, idempotency: claim, pushAt: 0 },
];

test.each([
  ['nothing', []],
  ['plain ones', [PLAIN, PLAIN]],
  ['every kind', REQUESTS],
])('a batch of %s arrives as it was sent', (_, batch) => {
  expect(unpackBatch(structuredClone(packBatch(batch)))).toEqual(batch);
});

test('each request gets its own result', () => {
  const results: AppendResult[] = [
    { outcome: 'appended', id: 'a', offset: 7 },
    { outcome: 'mismatch' },
    { outcome: 'appended', id: 'c', offset: null },
    { outcome: 'replayed', id: 'first', offset: 3 },
    { outcome: 'replayed', id: 'first', offset: null },
    { outcome: 'appended', id: 'f', offset: 8 },
    { outcome: 'appended', id: 'g', offset: 9 },
  ];
  expect(unpackResults(REQUESTS, structuredClone(packResults(results)))).toEqual(results);
});

test('a missing answer is an error, not a lost publish', () => {
  expect(() => unpackResults(REQUESTS, [1])).toThrow('1 of 7');
});
