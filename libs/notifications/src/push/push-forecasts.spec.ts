import { afterAll, describe, expect, it } from 'vitest';
import { Access, accessConfigSchema, APPLICATION } from '#clarion/access';
import type { LogEntry } from '#clarion/event-bus';
import { parsePublish, PUSH_CAUSES, selectorSchema, userTopic, type Category, type PushCause } from '#clarion/protocol';
import { MemoryAccessStore } from '../../../../test/support/memory-access-store.js';
import { NO_PREFERENCES, type StoredPreferences } from '../people/preferences.js';
import { PushForecasts, wordsOf, type PushForecast, type PushQuestion } from './push-forecasts.js';
import { PushSchedule } from './push-schedule.js';
import type { StoredDevice } from './push-store.js';

const USER = 'u-1';
const OWN = userTopic(USER);
const HOUR_MS = 3_600_000;
const NOW = Date.now();
const AFTER_MS = 10_000;
const ON = { live: true, inbox: true, push: true };
const MARK = { at: NOW, undone: false, until: null };

const declared = (id: string, more: Partial<Category> = {}): Category => ({
  id,
  title: id,
  defaults: ON,
  locked: [],
  ...more,
});
const CATEGORIES = new Map<string, Category>(
  [
    declared('news'),
    declared('alarm', { push: { when: 'always' } }),
    declared('slow', { push: { when: 'ifNotAcked', afterS: 600 } }),
    declared('quiet', { push: { when: 'never' } }),
    declared('off', { defaults: { ...ON, push: false } }),
  ].map((category) => [category.id, category]),
);

const PHONE: StoredDevice = {
  user: USER,
  id: 'phone',
  endpoint: 'https://push.example/1',
  p256dh: '',
  auth: '',
  name: null,
  locale: null,
  timeZone: null,
  subscribe: [{ selector: selectorSchema.parse('news/*'), historyFrom: 0 }],
  issuedAt: NOW - HOUR_MS,
  since: 5,
  createdAt: 0,
  verifiedAt: 0,
  lastSuccessAt: null,
  failures: 0,
  lastFailureAt: null,
  lastFailureReason: null,
};

interface World {
  readonly devices?: readonly StoredDevice[];
  readonly preferences?: Partial<StoredPreferences>;
  /** Whether the person's tokens were voided. */
  readonly isVoided?: boolean;
  readonly canPush?: boolean;
}

/** Every cause of the catalogue that some case has brought about. */
const seen = new Set<PushCause>();

async function forecasts({ devices = [PHONE], preferences = {}, ...world }: World): Promise<PushForecasts> {
  const categories = { get: (id: string | undefined) => CATEGORIES.get(id ?? '') };
  const config = accessConfigSchema.parse({
    apiKey: 'an-api-key-for-tests',
    tokenSecret: 'a-secret-of-at-least-32-bytes-here',
  });
  const access = new Access(config, new MemoryAccessStore(), () => undefined);
  if (world.isVoided === true) await access.disconnectUser(APPLICATION, USER, { address: '', requestId: '' });
  return new PushForecasts(
    new PushSchedule(categories, { set: () => undefined }, AFTER_MS, world.canPush !== false),
    { devices: async () => [...devices] },
    {
      follows: async () => [
        { topic: 'news/1', from: 1, to: null, since: 0, until: null },
        { topic: 'news/2', from: 1, to: 2, since: 0, until: 1 },
        { topic: 'closed/1', from: 1, to: null, since: 0, until: null },
      ],
    },
    { preferencesOf: async () => ({ ...NO_PREFERENCES, ...preferences }) },
    categories,
    access,
  );
}

async function ofDraft(draft: object, world: World = {}): Promise<PushForecast> {
  const parsed = parsePublish({ title: 't', ...draft });
  const audience = [OWN, ...(parsed.topics ?? [])];
  const forecast = await (await forecasts(world)).ofDraft({ ...parsed }, audience, USER, NOW);
  if ('cause' in forecast) seen.add(forecast.cause);
  return forecast;
}

describe('of a draft', () => {
  const user = USER;

  it.each<[string, object, World, number]>([
    ['what has no category is due after a while', { user }, {}, AFTER_MS],
    ['a category says when', { user, category: 'slow' }, {}, 600_000],
    ['or at once', { user, category: 'alarm' }, {}, 0],
    [
      'what is urgent is not kept back',
      { user, priority: 'urgent' },
      { preferences: { doNotDisturbUntil: Infinity } },
      AFTER_MS,
    ],
    [
      'the person’s wishes are judged as of when it is due',
      { user, category: 'slow' },
      { preferences: { doNotDisturbUntil: NOW + 60_000 } },
      600_000,
    ],
  ])('%s', async (_, draft, world, afterMs) => {
    expect(await ofDraft(draft, world)).toEqual({ devices: 1, at: NOW + afterMs });
  });

  it('counts the devices that would ring', async () => {
    const muted = { preferences: { mutedTopics: { [OWN]: 0 } } };
    const blind = { ...PHONE, id: 'blind', subscribe: [] };
    const draft = { user, topics: ['news/1'], category: 'news' };
    expect(await ofDraft(draft, { devices: [PHONE, blind] })).toMatchObject({ devices: 2 });
    expect(await ofDraft(draft, { devices: [PHONE, blind], ...muted })).toMatchObject({ devices: 1 });
  });

  it.each<[PushCause, object, World?]>([
    ['push.unavailable', { user }, { canPush: false }],
    ['push.ephemeral', { user, ephemeral: true }],
    ['push.silent', { user, title: undefined, type: 'x' }],
    ['push.never', { user, category: 'quiet' }],
    ['device.none', { user }, { devices: [] }],
    ['token.revoked', { user }, { isVoided: true }],
    ['expired', { user, ttl: 5 }],
    ['category.off', { user, category: 'off' }],
    [
      'muted.category',
      { user, category: 'news' },
      { preferences: { categories: { news: { push: false, since: 0 } } } },
    ],
    ['muted.topic', { user }, { preferences: { mutedTopics: { [OWN]: 0 } } }],
    ['quiet.do_not_disturb', { user }, { preferences: { doNotDisturbUntil: NOW + HOUR_MS } }],
    [
      'quiet.hours',
      { user },
      { preferences: { quietHours: { from: '00:00', to: '00:00', timeZone: 'Europe/Berlin' } } },
    ],
    ['right.missing', { user, topics: ['closed/1'], category: 'news' }, { preferences: { mutedTopics: { [OWN]: 0 } } }],
  ])('%s', async (cause, draft, world) => {
    expect(await ofDraft(draft, world)).toEqual({ devices: 0, cause });
    expect(wordsOf(cause)).toMatch(/\w/);
  });
});

describe('of what was published', () => {
  const ENTRY: LogEntry = {
    id: 'n',
    offset: 10,
    topics: [OWN],
    publishedAt: NOW - 60_000,
    body: '"title":"t","publishedAt":""',
  };

  async function whyNot(question: Partial<PushQuestion>, world: World = {}): Promise<PushCause | undefined> {
    const asked = { entry: ENTRY, user: USER, topics: [OWN], acked: false, standing: {}, ...question };
    const cause = await (await forecasts(world)).whyNot(asked);
    if (cause !== undefined) seen.add(cause);
    return cause;
  }

  it.each<[PushCause | undefined, Partial<PushQuestion>, World?]>([
    [undefined, {}],
    [undefined, { acked: true, entry: { ...ENTRY, category: 'alarm' } }],
    [undefined, { standing: { seen: MARK } }],
    [undefined, { standing: { snoozed: { ...MARK, until: NOW - 1 } } }],
    ['push.acked', { acked: true }],
    ['push.read', { standing: { read: MARK } }],
    ['push.archived', { standing: { archived: MARK } }],
    ['push.snoozed', { standing: { snoozed: { ...MARK, until: NOW + HOUR_MS } } }],
    ['push.own', { entry: { ...ENTRY, body: `${ENTRY.body},"from":{"user":"${USER}"}` } }],
    ['push.superseded', { topics: [] }],
    ['push.data', { entry: { ...ENTRY, topics: ['news/1'] }, topics: ['news/1'] }],
    ['push.data', { entry: { ...ENTRY, topics: ['news/1', 'users/u-2'] }, topics: ['news/1'] }],
    ['push.silent', { entry: { ...ENTRY, body: '"type":"x","publishedAt":""' } }],
    ['push.never', { entry: { ...ENTRY, category: 'quiet' } }],
    ['device.none', {}, { devices: [{ ...PHONE, since: 10 }] }],
    ['retracted', { entry: { ...ENTRY, kind: 'retracted', body: '"retractedAt":""' } }],
    ['expired', { entry: { ...ENTRY, expiresAt: NOW - 1 } }],
  ])('%s', async (cause, question, world) => {
    expect(await whyNot(question, world)).toBe(cause);
  });
});

afterAll(() => {
  expect([...seen]).toEqual(expect.arrayContaining(Object.keys(PUSH_CAUSES)));
});
