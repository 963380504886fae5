import { expect, it } from 'vitest';
import { audienceOf, parsePublish, type Category, type PushRule } from '#clarion/protocol';
import { PushSchedule } from './push-schedule.js';

const AT = 1_000_000;

const RULES: Readonly<Record<string, PushRule | undefined>> = {
  plain: undefined,
  alarm: { when: 'always' },
  chat: { when: 'ifNotAcked', afterS: 60 },
  now: { when: 'ifNotAcked', afterS: 0 },
  soon: { when: 'ifNotAcked' },
  silent: { when: 'never' },
};

function category(id: string): Category | undefined {
  if (!Object.hasOwn(RULES, id)) return undefined;
  const push = RULES[id];
  const defaults = { live: true, inbox: true, push: true };
  return { id, title: id, defaults, locked: [], ...(push !== undefined && { push }) };
}

const CATEGORIES = { get: (id: string | undefined) => (id === undefined ? undefined : category(id)) };

function dueAfter(draft: object, canPush = true): number | undefined {
  const alarm = { set: () => undefined };
  const parsed = parsePublish({ title: 'Hello', ...draft });
  const due = new PushSchedule(CATEGORIES, alarm, 10_000, canPush).dueAt(parsed, audienceOf(parsed), AT);
  return due === undefined ? undefined : due - AT;
}

it.each([
  ['to a person', { user: 'u-1' }, 10_000],
  ['to a person, by their topic', { topic: 'users/u-1' }, 10_000],
  ['to a person among topics', { topics: ['rooms/1', 'rooms/2'], user: 'u-1' }, 10_000],
  ['to a topic, without a category: data', { topic: 'rooms/1' }, undefined],
  ['to a topic, with a category', { topic: 'rooms/1', category: 'plain' }, 10_000],
  ['with a category that is none any more', { user: 'u-1', category: 'gone' }, 10_000],
  ['always', { user: 'u-1', category: 'alarm' }, 0],
  ['after a minute', { topic: 'rooms/1', category: 'chat' }, 60_000],
  ['unless acknowledged at once', { user: 'u-1', category: 'now' }, 0],
  ['after as long as the server says', { user: 'u-1', category: 'soon' }, 10_000],
  ['never', { user: 'u-1', category: 'silent' }, undefined],
  ['ephemeral', { user: 'u-1', ephemeral: true }, undefined],
  ['ephemeral, always', { user: 'u-1', category: 'alarm', ephemeral: true }, undefined],
  ['for programs alone', { user: 'u-1', title: undefined, data: { n: 1 }, category: 'alarm' }, undefined],
  ['for programs, with a body', { user: 'u-1', title: undefined, type: 't', body: 'Hello' }, 10_000],
])('%s', (_what, draft, after) => {
  expect(dueAfter(draft)).toBe(after);
});

it('is never where there is nothing to push by', () => {
  expect(dueAfter({ user: 'u-1', category: 'alarm' }, false)).toBeUndefined();
});
