import { expect, test } from 'vitest';
import { shortOrLong, tell } from '../chaos/lengths.js';
import { runOne, runSequences } from './inbox-runs.js';
import type { Sequence, Step, StepOf } from './inbox-steps.js';

const RUNS = shortOrLong({ atLeast: 150, forMs: 8_000 }, { atLeast: 10_000, forMs: 0 });

test(
  'inboxes, counts and marks of several devices equal a simple model, before and after a restart',
  { timeout: 7_200_000 },
  async () => {
    const sequences = await runSequences(RUNS);
    tell('people against their model', { sequences });
    expect(sequences).toBeGreaterThanOrEqual(RUNS.atLeast);
  },
);

const toTopic: StepOf<'publish'> = {
  kind: 'publish',
  to: [0],
  category: undefined,
  ttlS: undefined,
  collapseKey: undefined,
  hasTitle: true,
};
const markIt: Omit<StepOf<'mark'>, 'state'> = {
  kind: 'mark',
  person: 0,
  device: 0,
  undo: false,
  untilMs: 1,
  target: { ids: [0] },
  saysWhen: true,
};

/** A person who follows one topic, and devices whose clocks are right. */
function plain(steps: readonly Step[], more: Partial<Sequence> = {}): Sequence {
  return {
    skews: [0, 0, 0, 0],
    offline: [],
    followed: [0],
    steps: [...steps],
    restartAfter: undefined,
    forgetAfter: undefined,
    ...more,
  };
}

/** What was once wrong, or is too seldom for chance. */
const KNOWN: readonly { readonly what: string; readonly sequence: Sequence; readonly limit?: number }[] = [
  {
    what: 'what was collapsed into something that is forgotten by now stays so when a third one comes',
    sequence: plain(
      [
        { ...toTopic, collapseKey: 'k' },
        { kind: 'pass', ms: 1 },
        { ...toTopic, collapseKey: 'k', ttlS: 1 },
        { kind: 'pass', ms: 1 },
        { ...markIt, state: 'read' },
        { kind: 'pass', ms: 1_000 },
        { ...toTopic, collapseKey: 'k' },
      ],
      { forgetAfter: 5 },
    ),
  },
  {
    what: 'what one has taken the place of that was retracted before anybody looked is not new again',
    sequence: plain([
      { ...toTopic, collapseKey: 'k' },
      { kind: 'look', limit: 7, category: undefined, topic: undefined },
      { ...toTopic, collapseKey: 'k' },
      { kind: 'retract', pick: 1 },
    ]),
  },
  {
    what: 'an inbox is counted exactly up to 1,000, and listed to its end however few of it are wanted',
    limit: 100,
    sequence: plain([
      { ...toTopic, kind: 'flood', count: 2_400 },
      { ...markIt, state: 'archived', target: { upTo: 100, topic: undefined } },
      { kind: 'look', limit: 100, category: 'news', topic: undefined },
      { ...markIt, state: 'read', target: { upTo: 900, topic: 0 } },
      { ...toTopic, category: 'news' },
      { kind: 'look', limit: 7, category: 'news', topic: 0 },
      { ...markIt, state: 'seen', target: { upTo: 999, topic: undefined } },
      { ...markIt, state: 'read', undo: true, target: { ids: [31, 311, 711] } },
    ]),
  },
];

test.for(KNOWN)('$what', async ({ sequence, limit }) => {
  await expect(runOne(sequence, limit)).resolves.toBeUndefined();
});
