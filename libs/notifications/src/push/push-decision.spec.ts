import { describe, expect, it } from 'vitest';
import { userTopic, type Category, type PushRule } from '#clarion/protocol';
import type { Person } from '../people/person.js';
import { NO_PREFERENCES } from '../people/preferences.js';
import { decidePush, type NoPush } from './push-decision.js';
import { aCandidate, aDevice, anEntry } from '../../test/push-doubles.js';
import type { PushCandidate, StoredDevice } from './push-store.js';

const NOW = Date.parse('2026-01-10T23:00:00Z');
const SAID = { at: NOW - 1_000, undone: false, until: null };
const OWN = 'users/u-1';
const ROOM = 'rooms/1';

const IF_NOT_ACKED: PushRule = { when: 'ifNotAcked' };
const ALWAYS: PushRule = { when: 'always' };
const NEVER: PushRule = { when: 'never' };

function category(push: PushRule, more: Partial<Category> = {}): Category {
  return { id: 'chat', title: 'Chat', defaults: { live: true, inbox: true, push: true }, locked: [], push, ...more };
}

/** As the device of a person who may read rooms, since always. */
function reader({ user }: StoredDevice): Person {
  return { user, historyFrom: (topic) => (topic === userTopic(user) || topic.startsWith('rooms/') ? 0 : undefined) };
}

function preferences(more: Partial<typeof NO_PREFERENCES>): Pick<PushCandidate, 'preferences'> {
  return { preferences: { ...NO_PREFERENCES, ...more } };
}

interface Given {
  readonly rule?: PushRule;
  readonly category?: Category;
  readonly entry?: Parameters<typeof anEntry>[0];
  readonly sender?: string;
  readonly candidate?: Partial<PushCandidate>;
  readonly person?: (device: StoredDevice) => Person | undefined;
}

function decided({ rule = IF_NOT_ACKED, entry, sender, candidate, person = reader, ...rest }: Given): string[] {
  const due = { entry: anEntry({ publishedAt: NOW - 10_000, ...entry }), category: rest.category, rule, sender };
  return decidePush(due, aCandidate('u-1', candidate), NOW, person).map((one) =>
    'topic' in one ? `${one.device.id}: ${one.topic}` : `${one.device.id}: no, ${one.refusal}`,
  );
}

const MUTED = (topic: string) => preferences({ mutedTopics: { [topic]: 1 } });
const NIGHT = preferences({ quietHours: { from: '22:00', to: '07:00', timeZone: 'UTC' } as never });
const QUIET_NOON = preferences({ quietHours: { from: '12:00', to: '13:00', timeZone: 'UTC' } as never });
const CHAT = { entry: { category: 'chat' } } as const;

/** What is, what is decided for the one device: a topic, or why not. */
const TABLE: readonly (readonly [what: string, given: Given, topic: string | NoPush])[] = [
  ['nothing was said', {}, OWN],
  ['acknowledged', { candidate: { acked: true } }, 'acked'],
  ['acknowledged, always', { rule: ALWAYS, candidate: { acked: true } }, OWN],
  ['seen', { candidate: { standing: { seen: SAID } } }, OWN],
  ['read', { candidate: { standing: { read: SAID } } }, 'read'],
  ['read, always', { rule: ALWAYS, candidate: { standing: { read: SAID } } }, 'read'],
  ['archived', { candidate: { standing: { archived: SAID } } }, 'archived'],
  ['archived, always', { rule: ALWAYS, candidate: { standing: { archived: SAID } } }, 'archived'],
  ['snoozed until later', { candidate: { standing: { snoozed: { ...SAID, until: NOW + 1 } } } }, 'snoozed'],
  ['snoozed until now', { candidate: { standing: { snoozed: { ...SAID, until: NOW } } } }, OWN],
  ['acknowledged and read: the first', { candidate: { acked: true, standing: { read: SAID } } }, 'acked'],
  ['retracted', { entry: { kind: 'retracted' } }, 'retracted'],
  ['retracted, always', { rule: ALWAYS, entry: { kind: 'retracted' } }, 'retracted'],
  ['expires now', { entry: { expiresAt: NOW } }, 'expired'],
  ['expires later', { entry: { expiresAt: NOW + 1 } }, OWN],
  ['the category is for no push by now', { rule: NEVER }, 'never'],
  ['one’s own message', { sender: 'u-1' }, 'own'],
  ['one’s own message, always', { rule: ALWAYS, sender: 'u-1' }, 'own'],
  ['somebody else’s message', { sender: 'u-2' }, OWN],
  ['a topic without a category', { candidate: { topics: [ROOM] } }, 'data'],
  ['a topic without a category, and one’s own', { candidate: { topics: [ROOM, OWN] } }, OWN],
  ['a topic with a category', { ...CHAT, category: category(IF_NOT_ACKED), candidate: { topics: [ROOM] } }, ROOM],
  ['a topic whose category is no more', { ...CHAT, candidate: { topics: [ROOM] } }, 'data'],
  ['the first of two topics', { category: category(ALWAYS), candidate: { topics: [ROOM, OWN] } }, ROOM],
  ['a newer one took its place', { candidate: { topics: [] } }, 'superseded'],
  ['one’s own topic is muted', { candidate: MUTED(OWN) }, 'muted.topic'],
  [
    'the first of two topics is muted',
    { category: category(ALWAYS), candidate: { topics: [ROOM, OWN], ...MUTED(ROOM) } },
    OWN,
  ],
  [
    'the category is muted for pushes',
    {
      category: category(IF_NOT_ACKED),
      candidate: preferences({ categories: { chat: { push: false, since: 1 } } }),
    },
    'muted.category',
  ],
  [
    'the category is muted live alone',
    {
      category: category(IF_NOT_ACKED),
      candidate: preferences({ categories: { chat: { live: false, since: 1 } } }),
    },
    OWN,
  ],
  [
    'the category is off, and not chosen',
    { category: category(IF_NOT_ACKED, { defaults: { live: true, inbox: true, push: false } }) },
    'category.off',
  ],
  ['in the quiet hours', { candidate: NIGHT }, 'quiet.hours'],
  ['in the quiet hours, always', { rule: ALWAYS, candidate: NIGHT }, 'quiet.hours'],
  ['in the quiet hours, urgent', { entry: { urgent: true }, candidate: NIGHT }, OWN],
  ['in the quiet hours, locked', { category: category(ALWAYS, { locked: ['push'] }), candidate: NIGHT }, OWN],
  ['outside of the quiet hours', { candidate: QUIET_NOON }, OWN],
  ['not to be disturbed', { candidate: preferences({ doNotDisturbUntil: NOW + 1 }) }, 'quiet.do_not_disturb'],
  ['to be disturbed again', { candidate: preferences({ doNotDisturbUntil: NOW }) }, OWN],
  ['the token was voided', { person: () => undefined }, 'token.revoked'],
  [
    'the token cannot read the topic',
    { category: category(ALWAYS), candidate: { topics: ['halls/1'] } },
    'right.missing',
  ],
  [
    'the token cannot read the first topic',
    { category: category(ALWAYS), candidate: { topics: ['halls/1', ROOM] } },
    ROOM,
  ],
  [
    'the token reads the topic from later on',
    {
      category: category(ALWAYS),
      candidate: { topics: [ROOM] },
      person: ({ user }) => ({ user, historyFrom: () => NOW - 9_999 }),
    },
    'right.missing',
  ],
];

describe('one device', () => {
  it.each(TABLE)('%s', (_what, given, expected) => {
    const isTopic = expected.includes('/');
    expect(decided(given)).toEqual([`phone: ${isTopic ? '' : 'no, '}${expected}`]);
  });
});

it('is decided for each device by its own token', () => {
  const devices = ['phone', 'laptop', 'tablet'].map((id) => aDevice('u-1', id));
  const rights: Readonly<Record<string, Person | undefined>> = {
    phone: { user: 'u-1', historyFrom: () => 0 },
    laptop: undefined,
    tablet: { user: 'u-1', historyFrom: (topic) => (topic === OWN ? 0 : undefined) },
  };
  const candidate = { topics: [ROOM, OWN], devices };
  expect(decided({ category: category(ALWAYS), candidate, person: ({ id }) => rights[id] })).toEqual([
    `phone: ${ROOM}`,
    'laptop: no, token.revoked',
    `tablet: ${OWN}`,
  ]);
});
