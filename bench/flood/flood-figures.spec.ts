import { expect, test } from 'vitest';
import { Histogram } from '../histogram.js';
import { figuresOf, targetsOf } from './flood-figures.js';
import type { FloodRecord } from './flood.js';
import type { FloodReport } from './flood-tally.js';

/** A report whose accepted publishes took so many milliseconds each. */
function report(acceptedMs: readonly number[], more: Partial<FloodReport> = {}): FloodReport {
  const accepted = new Histogram();
  for (const ms of acceptedMs) accepted.record(ms * 1_000);
  return {
    seconds: 1,
    due: acceptedMs.length,
    unsent: 0,
    accepted: acceptedMs.length,
    refused: {},
    withoutRetryAfter: 0,
    acceptedMicros: accepted.toData(),
    refusedMicros: new Histogram().toData(),
    ...more,
  };
}

const calm = report([5, 5, 6]);
const slow = report([5, 700]);
const refusing = report([5], { refused: { '503': 1 } });

function record(more: Partial<FloodRecord> = {}): FloodRecord {
  return {
    capacityPerSecond: 100,
    before: [calm, calm],
    flood: report([100, 200, 300], { due: 500, unsent: 97, refused: { '503': 400 } }),
    after: [calm, calm, calm, calm],
    healthMs: [3, 9, 4],
    faults: [],
    ...more,
  };
}

const missed = (more: Partial<FloodRecord>): string[] =>
  targetsOf(figuresOf(record(more))).flatMap(({ what, met }) => (met ? [] : [what]));

test('a flood as it should be meets all that is asked', () => {
  expect(missed({})).toEqual([]);
  expect(figuresOf(record())).toMatchObject({
    due: 500,
    unsent: 97,
    accepted: 3,
    normalAfterMs: 0,
    healthMs: { max: 9 },
  });
});

test.each<[string, Partial<FloodRecord>, RegExp]>([
  ['too little was offered', { flood: report([1], { due: 200, refused: { '503': 9 } }) }, /^offered 2\.0 times/],
  ['something was lost', { faults: ['flood/0: lane 1'] }, /^every accepted/],
  ['a failure', { flood: report([1], { due: 500, refused: { '500': 1 } }) }, /^what is refused is 429 or 503/],
  [
    'nobody was told when',
    { flood: report([1], { due: 500, refused: { '503': 9 }, withoutRetryAfter: 1 }) },
    /says when/,
  ],
  ['nothing was refused', { flood: report([1], { due: 500 }) }, /^what is too much/],
  ['slow', { flood: report([501, 502], { due: 500, refused: { '503': 9 } }) }, /^p99 of accepted/],
  ['never as before', { after: [calm, slow] }, /^as before — ms/],
])('%s', (_, more, what) => {
  expect(missed(more)).toEqual([expect.stringMatching(what)]);
});

test('the server is as before from the first slice on after which nothing is refused or slow', () => {
  const after = (...slices: FloodReport[]) => figuresOf(record({ after: slices })).normalAfterMs;
  expect(after(slow, refusing, calm, calm)).toBe(500);
  expect(after(calm, slow, calm)).toBe(500);
  expect(after(report([5], { unsent: 1 }), calm)).toBe(250);
  expect(after(calm, refusing)).toBeNull();
});
