import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, outstanding, summarise, type Violation } from './checker.js';
import type { ClientRecord, Heard, PublishRecord } from './records.js';

type HeardNotification = Extract<Heard, { kind: 'notification' }>;

const TOPICS = ['chaos/a', 'chaos/b', 'other', 'users/u-1', 'users/u-2'] as const;

/** What a sound server would make of `plan`: each publish starts one tick after the one before it and is heard by all it concerns. */
function soundRun(plan: readonly { publisher: number; topics: readonly string[] }[]): {
  publishes: PublishRecord[];
  clients: ClientRecord[];
} {
  const serials = new Map<number, number>();
  const publishes = plan.map(({ publisher, topics }, place): PublishRecord => {
    const serial = (serials.get(publisher) ?? 0) + 1;
    serials.set(publisher, serial);
    const acknowledged = { id: `id-${place}`, cursor: `cursor-${place}`, at: 10 + place + 0.5 };
    return {
      key: `p${publisher}#${serial}`,
      publisher: `p${publisher}`,
      serial,
      topics,
      startedAt: 10 + place,
      attempts: 1,
      acknowledged,
    };
  });
  return {
    publishes,
    clients: readers().map((reader) => Object.assign(reader, { heard: heardBy(reader, publishes) })),
  };
}

function readers(): Omit<ClientRecord, 'heard'>[] {
  return [
    { client: 'a', selectors: ['chaos/a'], from: 'ready' },
    { client: 'wild', selectors: ['chaos/*', 'users/u-1'], from: 'ready' },
    { client: 'all', selectors: ['**', 'users/u-2'], from: 'earliest' },
  ];
}

function heardBy(reader: Omit<ClientRecord, 'heard'>, publishes: readonly PublishRecord[]): Heard[] {
  const heard: Heard[] = [
    { kind: 'opened', at: 1 },
    { kind: 'ready', at: 2, topics: reader.selectors, cursor: 'start' },
  ];
  for (const { key, topics, startedAt, acknowledged } of publishes) {
    const topic = topics.find((name) => visible(reader.client, name));
    if (topic !== undefined && acknowledged)
      heard.push({
        kind: 'notification',
        at: startedAt + 0.2,
        key,
        topic,
        id: acknowledged.id,
        cursor: acknowledged.cursor,
      });
  }
  return heard;
}

function visible(client: string, topic: string): boolean {
  if (client === 'a') return topic === 'chaos/a';
  if (client === 'wild') return topic.startsWith('chaos/') || topic === 'users/u-1';
  return !topic.startsWith('users/') || topic === 'users/u-2';
}

const plans = fc.array(
  fc.record({
    publisher: fc.nat({ max: 3 }),
    topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 4, maxLength: 40 },
);

/** A run, the client whose stream will be spoilt, and the place in it of one notification. */
const runs = fc
  .tuple(plans, fc.nat({ max: 2 }), fc.nat())
  .map(([plan, reader, seed]) => {
    const run = soundRun(plan);
    const client = run.clients[reader];
    if (!client) throw new Error('no such reader');
    const places = client.heard.flatMap((heard, place) => (heard.kind === 'notification' ? [place] : []));
    return Object.assign(run, { client, places, place: places[seed % Math.max(1, places.length)] });
  })
  .filter(({ place }) => place !== undefined);

type Run = typeof runs extends fc.Arbitrary<infer R> ? R : never;

function spoilt({ publishes, clients, client }: Run, heard: Heard[]): Violation[] {
  return check(
    publishes,
    clients.map((one) => (one === client ? { ...client, heard } : one)),
  );
}

function at(client: ClientRecord, place: number | undefined): HeardNotification {
  const heard = client.heard[place ?? -1];
  if (heard?.kind !== 'notification') throw new Error('not a notification');
  return heard;
}

function kinds(violations: readonly Violation[], client: ClientRecord): string[] {
  return violations.filter((violation) => violation.client === client.client).map(({ kind }) => kind);
}

describe('checker', () => {
  it('finds nothing in a sound run', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { publishes, clients } = soundRun(plan);
        expect(summarise(check(publishes, clients))).toBe('');
        expect(clients.map((client) => outstanding(publishes, client))).toEqual([0, 0, 0]);
      }),
    );
  });

  it('sees one that was dropped', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const heard = run.client.heard.filter((_, place) => place !== run.place);
        expect(kinds(spoilt(run, heard), run.client)).toEqual(['lost']);
        expect(outstanding(run.publishes, { ...run.client, heard })).toBe(1);
      }),
    );
  });

  it('sees one that was repeated, at once or later', () => {
    fc.assert(
      fc.property(runs, fc.boolean(), (run, atOnce) => {
        const repeated = at(run.client, run.place);
        const place = atOnce ? (run.place ?? 0) : run.client.heard.length;
        expect(kinds(spoilt(run, run.client.heard.toSpliced(place, 0, repeated)), run.client)).toContain('twice');
      }),
    );
  });

  it('sees the same publish under two ids', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const again = { ...at(run.client, run.place), id: 'another', cursor: 'another' };
        expect(kinds(spoilt(run, [...run.client.heard, again]), run.client)).toEqual(
          expect.arrayContaining(['twice', 'phantom']),
        );
      }),
    );
  });

  it('sees two of one publisher that changed places', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const one = at(run.client, run.place);
        const publisher = one.key.split('#')[0];
        const later = run.places.find(
          (place) => place > (run.place ?? 0) && at(run.client, place).key.split('#')[0] === publisher,
        );
        fc.pre(later !== undefined);
        const heard = run.client.heard.with(run.place ?? 0, at(run.client, later)).with(later ?? 0, one);
        expect(kinds(spoilt(run, heard), run.client)).toContain('out of order');
      }),
    );
  });

  it('sees that two clients heard two publishers the other way round', () => {
    const { publishes, clients } = soundRun([
      { publisher: 1, topics: ['chaos/a'] },
      { publisher: 2, topics: ['chaos/a'] },
    ]);
    const [first, second, third] = clients;
    if (!first || !second || !third) throw new Error('three readers');
    const turned = { ...second, heard: [...second.heard.slice(0, 2), ...second.heard.slice(2).toReversed()] };
    expect(check(publishes, [first, turned, third]).map(({ kind, client }) => `${kind} ${client}`)).toEqual([
      'out of order wild',
      'out of order all',
    ]);
  });

  it('sees what nobody published, and what was published otherwise', () => {
    fc.assert(
      fc.property(runs, fc.constantFrom('key', 'id', 'cursor'), (run, field) => {
        const heard = run.client.heard.with(run.place ?? 0, { ...at(run.client, run.place), [field]: 'invented' });
        expect(kinds(spoilt(run, heard), run.client)).toContain('phantom');
      }),
    );
  });

  it("sees another person's notification, and one under a topic that was not the publisher's", () => {
    fc.assert(
      fc.property(runs, fc.constantFrom('users/u-9', 'chaos/never', '$internal'), (run, topic) => {
        const heard = run.client.heard.with(run.place ?? 0, { ...at(run.client, run.place), topic });
        expect(kinds(spoilt(run, heard), run.client)).toContain('wrong person');
      }),
    );
  });

  it('sees that the second topic of a reader was disclosed instead of the first', () => {
    const { publishes, clients } = soundRun([{ publisher: 1, topics: ['other', 'chaos/a', 'users/u-1'] }]);
    const wild = clients[1];
    if (!wild) throw new Error('the second reader');
    const heard = wild.heard.map((one) => (one.kind === 'notification' ? { ...one, topic: 'users/u-1' } : one));
    expect(check(publishes, [{ ...wild, heard }]).map(({ kind }) => kind)).toEqual(['wrong person']);
  });

  it('sees a gap for which there was no reason, and the absence of one that is owed', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const gap: Heard = { kind: 'gap', at: 5, reason: 'unknown', cursor: 'c' };
        expect(kinds(spoilt(run, run.client.heard.toSpliced(run.place ?? 0, 0, gap)), run.client)).toEqual([
          'unexplained gap',
        ]);
        const owed = { ...run.client, gapExpected: true };
        expect(check(run.publishes, [owed]).map(({ kind }) => kind)).toEqual(['missing gap']);
        expect(check(run.publishes, [{ ...owed, heard: [gap, ...owed.heard] }])).toEqual([]);
      }),
    );
  });

  it('sees a connection that did not begin with ready', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const heard = run.client.heard.toSpliced(run.place ?? 0, 0, { kind: 'opened', at: 5 });
        expect(kinds(spoilt(run, heard), run.client)).toEqual(['not ready']);
      }),
    );
  });

  it('owes nothing of an unanswered publish, unless another client heard it', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const { key } = at(run.client, run.place);
        const publishes = run.publishes.map((one) => (one.key === key ? { ...one, acknowledged: null } : one));
        const without = (client: ClientRecord) => ({
          ...client,
          heard: client.heard.filter((one) => !('key' in one) || one.key !== key),
        });
        expect(check(publishes, run.clients.map(without))).toEqual([]);
        const others = run.clients.filter(
          (client) =>
            client !== run.client && 'key' in (client.heard.find((one) => 'key' in one && one.key === key) ?? {}),
        );
        const violations = check(
          publishes,
          run.clients.map((client) => (client === run.client ? without(client) : client)),
        );
        expect(violations.map(({ kind }) => kind)).toEqual(others.length > 0 ? ['lost'] : []);
      }),
    );
  });

  describe('a topic subscribed later', () => {
    const publishes = soundRun(Array.from({ length: 6 }, () => ({ publisher: 1, topics: ['late'] }))).publishes;
    const hears = (serials: readonly number[]): ClientRecord => ({
      client: 'late',
      selectors: [],
      from: 'ready',
      heard: [
        { kind: 'opened', at: 1 },
        { kind: 'ready', at: 2, topics: [], cursor: 'start' },
        { kind: 'subscribed', at: 12.1, topics: ['late'], cursor: 'later' },
        ...publishes
          .filter(({ serial }) => serials.includes(serial))
          .map(({ key, acknowledged }): Heard => ({
            kind: 'notification',
            at: 20,
            key,
            topic: 'late',
            id: acknowledged?.id ?? '',
            cursor: acknowledged?.cursor ?? '',
          })),
      ],
    });

    it('must bring all that began after the acknowledgement, and may bring a little before it', () => {
      expect(check(publishes, [hears([4, 5, 6])])).toEqual([]);
      expect(check(publishes, [hears([2, 3, 4, 5, 6])])).toEqual([]);
      expect(check(publishes, [hears([5, 6])]).map(({ kind }) => kind)).toEqual(['lost']);
    });

    it('has no hole once it began', () => {
      expect(check(publishes, [hears([2, 4, 5, 6])]).map(({ detail }) => detail)).toEqual(['p1#3 to late']);
    });
  });
});
