import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANNELS, type Category, type Channel } from '#clarion/protocol';
import { decide, evidenceOf, type Question } from './decisions.js';
import { NO_PREFERENCES, type StoredPreferences } from './preferences.js';

const NOW = Date.parse('2026-01-10T23:00:00Z');
const SINCE = 1_000;
const LATER = NOW + 60_000;

const ON = { live: true, inbox: true, push: true };
const OFF = { live: false, inbox: false, push: false };

function category(id: string, defaults: Category['defaults'], locked: Channel[] = []): Category {
  return { id, title: id, defaults, locked };
}

/** `none`: no category at all. */
const CATEGORIES: Readonly<Record<string, Category | undefined>> = {
  none: undefined,
  on: category('on', ON),
  off: category('off', OFF),
  quiet: category('quiet', { live: true, inbox: true, push: false }),
  must: category('must', ON, ['live', 'inbox', 'push']),
  never: category('never', OFF, ['live', 'inbox', 'push']),
  listed: category('listed', ON, ['inbox']),
};

const OWN = 'users/u-1';
const OTHER = 'rooms/1';

const NIGHT = { from: '22:00', to: '07:00', timeZone: 'UTC' };
const NOON = { from: '12:00', to: '13:00', timeZone: 'UTC' };

/** The choice, the same for every category. */
function chosen(choice: Partial<Record<Channel, boolean>>): Pick<StoredPreferences, 'categories'> {
  return {
    categories: Object.fromEntries(Object.keys(CATEGORIES).map((id) => [id, { ...choice, since: SINCE }])),
  };
}
const mutedBoth = { mutedTopics: { [OWN]: SINCE, [OTHER]: SINCE } };

/**
 * Per category: what becomes of it by the person's own topic, then by another; each `live`, `inbox`, `push`.
 * `+` reaches them; T muted.topic, C muted.category, O category.off, H quiet.hours, D quiet.do_not_disturb.
 */
const MATRIX: readonly (readonly [what: string, preferences: Partial<StoredPreferences>, urgent: boolean, string])[] = [
  [
    'nothing was chosen',
    {},
    false,
    `none   +++ +++
     on     +++ +++
     off    OOO OOO
     quiet  ++O ++O
     must   +++ +++
     never  OOO OOO
     listed +++ +++`,
  ],
  [
    'both topics are muted',
    mutedBoth,
    false,
    `none   TTT TTT
     on     TTT TTT
     off    TTT TTT
     quiet  TTT TTT
     must   TTT TTT
     never  TTT TTT
     listed TTT TTT`,
  ],
  [
    'the other topic is muted',
    { mutedTopics: { [OTHER]: SINCE } },
    false,
    `none   +++ TTT
     on     +++ TTT
     off    OOO TTT
     quiet  ++O TTT
     must   +++ TTT
     never  OOO TTT
     listed +++ TTT`,
  ],
  [
    'a topic beneath, and one with the name of every object, are muted',
    { mutedTopics: { [`${OTHER}/2`]: SINCE, constructor: SINCE } },
    false,
    `none   +++ +++
     on     +++ +++
     off    OOO OOO
     quiet  ++O ++O
     must   +++ +++
     never  OOO OOO
     listed +++ +++`,
  ],
  [
    'the category was muted',
    chosen(OFF),
    false,
    `none   +++ +++
     on     CCC CCC
     off    CCC CCC
     quiet  CCC CCC
     must   +++ +++
     never  OOO OOO
     listed C+C C+C`,
  ],
  [
    'the category was wanted',
    chosen(ON),
    false,
    `none   +++ +++
     on     +++ +++
     off    +++ +++
     quiet  +++ +++
     must   +++ +++
     never  OOO OOO
     listed +++ +++`,
  ],
  [
    'one channel was wanted, one muted, of one nothing was said',
    chosen({ live: true, inbox: false }),
    false,
    `none   +++ +++
     on     +C+ +C+
     off    +CO +CO
     quiet  +CO +CO
     must   +++ +++
     never  OOO OOO
     listed +++ +++`,
  ],
  [
    'it is their quiet hours',
    { quietHours: NIGHT },
    false,
    `none   H+H +++
     on     H+H H+H
     off    OOO OOO
     quiet  H+O H+O
     must   +++ +++
     never  OOO OOO
     listed H+H H+H`,
  ],
  [
    'it is their quiet hours, and it is urgent',
    { quietHours: NIGHT },
    true,
    `none   +++ +++
     on     +++ +++
     off    OOO OOO
     quiet  ++O ++O
     must   +++ +++
     never  OOO OOO
     listed +++ +++`,
  ],
  [
    'their quiet hours are at another time',
    { quietHours: NOON },
    false,
    `none   +++ +++
     on     +++ +++
     off    OOO OOO
     quiet  ++O ++O
     must   +++ +++
     never  OOO OOO
     listed +++ +++`,
  ],
  [
    'they do not want to be disturbed',
    { doNotDisturbUntil: LATER },
    false,
    `none   D+D +++
     on     D+D D+D
     off    OOO OOO
     quiet  D+O D+O
     must   +++ +++
     never  OOO OOO
     listed D+D D+D`,
  ],
  [
    'they do not want to be disturbed, and it is urgent',
    { doNotDisturbUntil: LATER },
    true,
    `none   +++ +++
     on     +++ +++
     off    OOO OOO
     quiet  ++O ++O
     must   +++ +++
     never  OOO OOO
     listed +++ +++`,
  ],
  [
    'they did not want to be disturbed up to now',
    { doNotDisturbUntil: NOW },
    false,
    `none   +++ +++
     on     +++ +++
     off    OOO OOO
     quiet  ++O ++O
     must   +++ +++
     never  OOO OOO
     listed +++ +++`,
  ],
  [
    'they do not want to be disturbed, in their quiet hours',
    { doNotDisturbUntil: LATER, quietHours: NIGHT },
    false,
    `none   D+D +++
     on     D+D D+D
     off    OOO OOO
     quiet  D+O D+O
     must   +++ +++
     never  OOO OOO
     listed D+D D+D`,
  ],
  [
    'the category was muted, and it is their quiet hours',
    { ...chosen(OFF), quietHours: NIGHT },
    false,
    `none   H+H +++
     on     CCC CCC
     off    CCC CCC
     quiet  CCC CCC
     must   +++ +++
     never  OOO OOO
     listed C+C C+C`,
  ],
  [
    'the category was wanted, and it is their quiet hours',
    { ...chosen(ON), quietHours: NIGHT },
    false,
    `none   H+H +++
     on     H+H H+H
     off    H+H H+H
     quiet  H+H H+H
     must   +++ +++
     never  OOO OOO
     listed H+H H+H`,
  ],
  [
    'the category was muted, and it is urgent',
    chosen(OFF),
    true,
    `none   +++ +++
     on     CCC CCC
     off    CCC CCC
     quiet  CCC CCC
     must   +++ +++
     never  OOO OOO
     listed C+C C+C`,
  ],
  [
    'all at once, and urgent',
    { ...mutedBoth, ...chosen(OFF), quietHours: NIGHT, doNotDisturbUntil: LATER },
    true,
    `none   TTT TTT
     on     TTT TTT
     off    TTT TTT
     quiet  TTT TTT
     must   TTT TTT
     never  TTT TTT
     listed TTT TTT`,
  ],
];

/** What is answered, with all that it rests on. */
const ANSWERS: Readonly<Record<string, (id: string, topic: string) => unknown>> = {
  '+': () => undefined,
  T: (_, topic) => ({ cause: 'muted.topic', topic, since: SINCE }),
  C: (id) => ({ cause: 'muted.category', category: id, since: SINCE }),
  O: (id) => ({ cause: 'category.off', category: id }),
  H: () => ({ cause: 'quiet.hours', until: Date.parse('2026-01-11T07:00:00Z') }),
  D: () => ({ cause: 'quiet.do_not_disturb', until: LATER }),
};

interface Row {
  readonly name: string;
  readonly question: Question;
  readonly answer: unknown;
}

const TABLE: readonly Row[] = MATRIX.flatMap(([what, some, urgent, lines]) =>
  lines.split('\n').flatMap((line) => {
    const [id = '', ...cells] = line.trim().split(/ +/);
    return cells.flatMap((letters, column) => {
      const topic = column === 0 ? OWN : OTHER;
      return CHANNELS.map((channel, at): Row => {
        const letter = letters[at] ?? '';
        const question = {
          channel,
          event: urgent ? { urgent: true as const } : {},
          topic,
          isOwn: topic === OWN,
          preferences: { ...NO_PREFERENCES, ...some },
          category: CATEGORIES[id],
          now: NOW,
        };
        return {
          name: `${what}: ${id} by ${topic}, ${channel}: ${letter}`,
          question,
          answer: ANSWERS[letter]?.(id, topic),
        };
      });
    });
  }),
);

describe('the table of decisions', () => {
  it('is large, and every cell is filled', () => {
    expect(TABLE.length).toBe(MATRIX.length * Object.keys(CATEGORIES).length * 6);
    expect(TABLE.length).toBeGreaterThan(700);
    expect(TABLE.filter(({ name }) => !/: [+TCOHD]$/.test(name))).toEqual([]);
  });

  it.each(TABLE)('$name', ({ question, answer }) => {
    expect(decide(question)).toEqual(answer);
  });
});

const flag = fc.boolean();
const channels = fc.record({ live: flag, inbox: flag, push: flag });
const arbitraryCategory = fc.option(
  fc
    .record({ defaults: channels, locked: fc.subarray([...CHANNELS]) })
    .map(({ defaults, locked }) => category('c', defaults, locked)),
  { nil: undefined },
);
const arbitraryPreferences: fc.Arbitrary<StoredPreferences> = fc.record({
  categories: fc.oneof(
    fc.constant({}),
    fc
      .record({ live: flag, inbox: flag, push: flag }, { requiredKeys: [] })
      .map((choice) => ({ c: { ...choice, since: SINCE } })),
  ),
  mutedTopics: fc.constantFrom<Record<string, number>>({}, { [OWN]: SINCE }, { [OTHER]: SINCE }),
  quietHours: fc.constantFrom(null, NIGHT, NOON),
  doNotDisturbUntil: fc.constantFrom(null, NOW - 1, LATER),
  presence: fc.constantFrom('visible', 'hidden'),
});
const arbitraryQuestion: fc.Arbitrary<Question> = fc
  .record({
    channel: fc.constantFrom(...CHANNELS),
    event: fc.constantFrom<Question['event']>({}, { urgent: true }),
    topic: fc.constantFrom(OWN, OTHER),
    preferences: arbitraryPreferences,
    category: arbitraryCategory,
    now: fc.integer({ min: NOW - 86_400_000, max: NOW + 86_400_000 }),
  })
  .map((question) => ({ ...question, isOwn: question.topic === OWN }));

function reaches(question: Question): boolean {
  return decide(question) === undefined;
}

function preferring(change: Partial<StoredPreferences>): (question: Question) => Question {
  return (question) => ({ ...question, preferences: { ...question.preferences, ...change } });
}

describe('never withholds more', () => {
  it.each<[string, (question: Question) => Question]>([
    ['being urgent', (question) => ({ ...question, event: { urgent: true } })],
    ['muting no topic', preferring({ mutedTopics: {} })],
    ['having no quiet hours', preferring({ quietHours: null })],
    ['being open to be disturbed', preferring({ doNotDisturbUntil: null })],
    ['being visible', preferring({ presence: 'visible' })],
    ['wanting the category', preferring({ categories: { c: { ...ON, since: 1 } } })],
  ])('%s', (_, change) => {
    fc.assert(
      fc.property(arbitraryQuestion, (question) => {
        fc.pre(reaches(question));
        expect(reaches(change(question))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('the inbox, than being told live', () => {
    fc.assert(
      fc.property(arbitraryQuestion, ({ category: declared, ...question }) => {
        fc.pre(declared === undefined || declared.defaults.inbox);
        const willing = { ...question.preferences, categories: {} };
        const asked = { ...question, preferences: willing, category: declared };
        fc.pre(reaches({ ...asked, channel: 'live' }));
        expect(reaches({ ...asked, channel: 'inbox' })).toBe(true);
      }),
    );
  });
});

describe('whatever is chosen', () => {
  it('a muted topic is silent, by every channel', () => {
    fc.assert(
      fc.property(arbitraryQuestion, (question) => {
        const muted = preferring({ mutedTopics: { [question.topic]: SINCE } })(question);
        expect(decide(muted)?.cause).toBe('muted.topic');
      }),
    );
  });

  it('in a locked channel the default holds, urgent or not, quiet or not', () => {
    fc.assert(
      fc.property(arbitraryQuestion, channels, (question, defaults) => {
        const locked = category('c', defaults, [question.channel]);
        const asked = { ...preferring({ mutedTopics: {} })(question), category: locked };
        expect(reaches(asked)).toBe(defaults[question.channel]);
      }),
    );
  });

  it('data without a category, by a topic that is nobody’s own, is stopped by muting it alone', () => {
    fc.assert(
      fc.property(arbitraryQuestion, (question) => {
        const data = { ...preferring({ mutedTopics: {} })(question), topic: OTHER, isOwn: false, category: undefined };
        expect(reaches(data)).toBe(true);
      }),
    );
  });

  it('what is withheld until some time is so for that reason no longer then', () => {
    fc.assert(
      fc.property(arbitraryQuestion, (question) => {
        const withheld = decide(question);
        fc.pre(withheld?.until !== undefined);
        const later = decide({ ...question, now: withheld?.until ?? 0 });
        expect(later?.cause).not.toBe(withheld?.cause);
      }),
    );
  });
});

describe('the evidence', () => {
  it('has the time at which it was chosen for this channel, as far as that is kept', () => {
    const choice = { live: false, push: false, since: SINCE + 5, liveSince: SINCE };
    const question = { event: {}, topic: OTHER, isOwn: false, category: CATEGORIES['on'], now: NOW };
    const preferences = { ...NO_PREFERENCES, categories: { on: choice } };
    expect(CHANNELS.map((channel) => decide({ ...question, channel, preferences })?.since)).toEqual([
      SINCE,
      undefined,
      SINCE + 5,
    ]);
  });

  it('says times as they are said to clients, and only what it rests on', () => {
    expect(evidenceOf({ cause: 'muted.topic', topic: 'a', since: 0 })).toEqual({
      topic: 'a',
      since: '1970-01-01T00:00:00.000Z',
    });
    expect(evidenceOf({ cause: 'quiet.hours', until: NOW })).toEqual({ until: '2026-01-10T23:00:00.000Z' });
    expect(evidenceOf({ cause: 'category.off', category: 'on' })).toEqual({ category: 'on' });
  });
});
