import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { brokenInboxes } from './broken-inboxes.js';
import { runSequences } from './inbox-runs.js';

/** Far more than any of them needs. */
const RUNS = { atLeast: 400, forMs: 0, isShrunk: false } as const;
/** Under which most are caught at once; and the one that needs two snoozes of one moment. */
const SEEDS = { most: 2_001, 'lets the shorter of two snoozes win a tie': 6 } as const;

describe('the model of inboxes catches a server that', () => {
  test.for(brokenInboxes)('$name', async ({ name, make }) => {
    const seed = name in SEEDS ? SEEDS['lets the shorter of two snoozes win a tie'] : SEEDS.most;
    const caught = await runSequences({ ...RUNS, seed }, make()).catch((error: unknown) => error);
    expect(violationIn(caught)).toBeInstanceOf(AssertionError);
  });
});

/** What the comparison asserted: properties wrap it. Something that merely stumbles proves nothing. */
function violationIn(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
