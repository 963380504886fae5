import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QuietHours } from '#clarion/protocol';
import { quietUntil } from './quiet-hours.js';

const NIGHT = { from: '22:00', to: '07:00' };

/** What is answered at each moment: until when, in UTC, or `awake`. */
function answers(hours: QuietHours, moments: readonly string[]): string[] {
  return moments.map((moment) => {
    const until = quietUntil({ ...hours }, Date.parse(moment));
    return until === undefined ? 'awake' : new Date(until).toISOString().replace(':00.000Z', 'Z');
  });
}

interface Row {
  readonly what: string;
  readonly hours: QuietHours;
  /** Moment and answer, in UTC. */
  readonly rows: readonly (readonly [moment: string, answer: string])[];
}

const ROWS: readonly Row[] = [
  {
    what: 'Berlin, an ordinary night',
    hours: { ...NIGHT, timeZone: 'Europe/Berlin' },
    rows: [
      ['2026-01-10T20:59:59.999Z', 'awake'],
      ['2026-01-10T21:00Z', '2026-01-11T06:00Z'],
      ['2026-01-11T05:59:59.999Z', '2026-01-11T06:00Z'],
      ['2026-01-11T06:00Z', 'awake'],
      ['2026-01-11T12:00Z', 'awake'],
    ],
  },
  {
    what: 'Berlin, clocks set forward (2 → 3 o’clock on 29 March, 01:00 UTC)',
    hours: { ...NIGHT, timeZone: 'Europe/Berlin' },
    rows: [
      ['2026-03-28T20:59Z', 'awake'],
      ['2026-03-28T21:00Z', '2026-03-29T05:00Z'],
      ['2026-03-29T01:00Z', '2026-03-29T05:00Z'],
      ['2026-03-29T04:59Z', '2026-03-29T05:00Z'],
      ['2026-03-29T05:00Z', 'awake'],
      ['2026-03-29T19:59Z', 'awake'],
      ['2026-03-29T20:00Z', '2026-03-30T05:00Z'],
    ],
  },
  {
    what: 'Berlin, clocks set back (3 → 2 o’clock on 25 October, 01:00 UTC)',
    hours: { ...NIGHT, timeZone: 'Europe/Berlin' },
    rows: [
      ['2026-10-24T19:59Z', 'awake'],
      ['2026-10-24T20:00Z', '2026-10-25T06:00Z'],
      ['2026-10-25T05:30Z', '2026-10-25T06:00Z'],
      ['2026-10-25T06:00Z', 'awake'],
    ],
  },
  {
    what: 'Berlin, a beginning that is skipped: when clocks are set',
    hours: { from: '02:30', to: '06:00', timeZone: 'Europe/Berlin' },
    rows: [
      ['2026-03-29T00:59:59.999Z', 'awake'],
      ['2026-03-29T01:00Z', '2026-03-29T04:00Z'],
      ['2026-03-29T04:00Z', 'awake'],
      ['2026-03-30T00:29Z', 'awake'],
      ['2026-03-30T00:30Z', '2026-03-30T04:00Z'],
    ],
  },
  {
    what: 'Berlin, an end that is skipped: when clocks are set',
    hours: { from: '23:00', to: '02:30', timeZone: 'Europe/Berlin' },
    rows: [
      ['2026-03-28T22:00Z', '2026-03-29T01:00Z'],
      ['2026-03-29T00:59:59.999Z', '2026-03-29T01:00Z'],
      ['2026-03-29T01:00Z', 'awake'],
      ['2026-03-29T21:00Z', '2026-03-30T00:30Z'],
    ],
  },
  {
    what: 'Berlin, all of it skipped: not at all',
    hours: { from: '02:15', to: '02:45', timeZone: 'Europe/Berlin' },
    rows: [
      ['2026-03-28T01:15Z', '2026-03-28T01:45Z'],
      ['2026-03-29T00:59Z', 'awake'],
      ['2026-03-29T01:00Z', 'awake'],
      ['2026-03-29T01:15Z', 'awake'],
      ['2026-03-30T00:15Z', '2026-03-30T00:45Z'],
    ],
  },
  {
    what: 'Berlin, a beginning that comes twice: the first',
    hours: { from: '02:30', to: '06:00', timeZone: 'Europe/Berlin' },
    rows: [
      ['2026-10-25T00:29Z', 'awake'],
      ['2026-10-25T00:30Z', '2026-10-25T05:00Z'],
      ['2026-10-25T01:00Z', '2026-10-25T05:00Z'],
      ['2026-10-25T01:30Z', '2026-10-25T05:00Z'],
    ],
  },
  {
    what: 'Berlin, an end that comes twice: the second',
    hours: { from: '23:00', to: '02:30', timeZone: 'Europe/Berlin' },
    rows: [
      ['2026-10-24T21:00Z', '2026-10-25T01:30Z'],
      ['2026-10-25T00:45Z', '2026-10-25T01:30Z'],
      ['2026-10-25T01:29Z', '2026-10-25T01:30Z'],
      ['2026-10-25T01:30Z', 'awake'],
    ],
  },
  {
    what: 'New York, clocks set forward (2 → 3 o’clock on 8 March, 07:00 UTC)',
    hours: { ...NIGHT, timeZone: 'America/New_York' },
    rows: [
      ['2026-03-08T02:59Z', 'awake'],
      ['2026-03-08T03:00Z', '2026-03-08T11:00Z'],
      ['2026-03-08T07:00Z', '2026-03-08T11:00Z'],
      ['2026-03-08T10:59Z', '2026-03-08T11:00Z'],
      ['2026-03-08T11:00Z', 'awake'],
      ['2026-03-09T02:00Z', '2026-03-09T11:00Z'],
    ],
  },
  {
    what: 'New York, clocks set back (2 → 1 o’clock on 1 November, 06:00 UTC)',
    hours: { ...NIGHT, timeZone: 'America/New_York' },
    rows: [
      ['2026-11-01T01:59Z', 'awake'],
      ['2026-11-01T02:00Z', '2026-11-01T12:00Z'],
      ['2026-11-01T11:30Z', '2026-11-01T12:00Z'],
      ['2026-11-01T12:00Z', 'awake'],
    ],
  },
  {
    what: 'New York, skipped and doubled ends',
    hours: { from: '01:15', to: '02:15', timeZone: 'America/New_York' },
    rows: [
      ['2026-03-08T06:14Z', 'awake'],
      ['2026-03-08T06:15Z', '2026-03-08T07:00Z'],
      ['2026-03-08T07:00Z', 'awake'],
      ['2026-11-01T05:14Z', 'awake'],
      ['2026-11-01T05:15Z', '2026-11-01T07:15Z'],
      ['2026-11-01T06:05Z', '2026-11-01T07:15Z'],
      ['2026-11-01T07:15Z', 'awake'],
    ],
  },
  {
    what: 'Lord Howe, half an hour set forward (2:00 → 2:30 on 4 October, 15:30 UTC the day before)',
    hours: { ...NIGHT, timeZone: 'Australia/Lord_Howe' },
    rows: [
      ['2026-10-03T11:29Z', 'awake'],
      ['2026-10-03T11:30Z', '2026-10-03T20:00Z'],
      ['2026-10-03T19:59Z', '2026-10-03T20:00Z'],
      ['2026-10-03T20:00Z', 'awake'],
      ['2026-10-04T10:59Z', 'awake'],
      ['2026-10-04T11:00Z', '2026-10-04T20:00Z'],
    ],
  },
  {
    what: 'Lord Howe, half an hour set back (2:00 → 1:30 on 5 April, 15:00 UTC the day before)',
    hours: { ...NIGHT, timeZone: 'Australia/Lord_Howe' },
    rows: [
      ['2026-04-04T10:59Z', 'awake'],
      ['2026-04-04T11:00Z', '2026-04-04T20:30Z'],
      ['2026-04-04T20:29Z', '2026-04-04T20:30Z'],
      ['2026-04-04T20:30Z', 'awake'],
    ],
  },
  {
    what: 'Lord Howe, a beginning in the half hour that is skipped, and in the one that comes twice',
    hours: { from: '02:15', to: '05:00', timeZone: 'Australia/Lord_Howe' },
    rows: [
      ['2026-10-03T15:29Z', 'awake'],
      ['2026-10-03T15:30Z', '2026-10-03T18:00Z'],
      ['2026-04-04T15:44Z', 'awake'],
      ['2026-04-04T15:45Z', '2026-04-04T18:30Z'],
    ],
  },
  {
    what: 'Lord Howe, an end that comes twice (1:45)',
    hours: { from: '00:00', to: '01:45', timeZone: 'Australia/Lord_Howe' },
    rows: [
      ['2026-04-04T13:00Z', '2026-04-04T15:15Z'],
      ['2026-04-04T14:50Z', '2026-04-04T15:15Z'],
      ['2026-04-04T15:15Z', 'awake'],
    ],
  },
  {
    what: 'Apia, where 30 December 2011 was skipped',
    hours: { ...NIGHT, timeZone: 'Pacific/Apia' },
    rows: [
      ['2011-12-30T08:00Z', '2011-12-30T17:00Z'],
      ['2011-12-30T17:00Z', 'awake'],
    ],
  },
  {
    what: 'St. John’s, where midnight came twice (00:01 → 23:01 on 7 November 2010)',
    hours: { from: '00:00', to: '06:00', timeZone: 'America/St_Johns', days: [7] },
    rows: [
      ['2010-11-07T02:29Z', 'awake'],
      ['2010-11-07T02:30Z', '2010-11-07T09:30Z'],
      ['2010-11-07T03:00Z', '2010-11-07T09:30Z'],
      ['2010-11-07T09:30Z', 'awake'],
    ],
  },
  {
    what: 'the days are those on which they begin (10 January 2026 is a Saturday)',
    hours: { ...NIGHT, timeZone: 'UTC', days: [6] },
    rows: [
      ['2026-01-09T23:00Z', 'awake'],
      ['2026-01-10T03:00Z', 'awake'],
      ['2026-01-10T22:00Z', '2026-01-11T07:00Z'],
      ['2026-01-11T06:59Z', '2026-01-11T07:00Z'],
      ['2026-01-11T23:00Z', 'awake'],
    ],
  },
  {
    what: 'the day is that of the zone, not of UTC',
    hours: { from: '08:00', to: '09:00', timeZone: 'Asia/Tokyo', days: [1] },
    rows: [
      ['2026-01-11T22:59Z', 'awake'],
      ['2026-01-11T23:30Z', '2026-01-12T00:00Z'],
      ['2026-01-12T23:30Z', 'awake'],
    ],
  },
  {
    what: 'within one day',
    hours: { from: '12:00', to: '14:00', timeZone: 'UTC' },
    rows: [
      ['2026-01-10T11:59Z', 'awake'],
      ['2026-01-10T12:00Z', '2026-01-10T14:00Z'],
      ['2026-01-10T14:00Z', 'awake'],
    ],
  },
  {
    what: 'a whole day, when they end as they begin',
    hours: { from: '08:00', to: '08:00', timeZone: 'UTC', days: [6] },
    rows: [
      ['2026-01-10T07:59Z', 'awake'],
      ['2026-01-10T08:00Z', '2026-01-11T08:00Z'],
      ['2026-01-11T07:59Z', '2026-01-11T08:00Z'],
      ['2026-01-11T08:00Z', 'awake'],
    ],
  },
  {
    what: 'days that meet are one stretch',
    hours: { from: '08:00', to: '08:00', timeZone: 'UTC', days: [6, 7] },
    rows: [
      ['2026-01-10T09:00Z', '2026-01-12T08:00Z'],
      ['2026-01-12T07:59Z', '2026-01-12T08:00Z'],
      ['2026-01-12T08:00Z', 'awake'],
    ],
  },
  {
    what: 'before 1970, and with offsets of seconds',
    hours: { from: '22:00', to: '07:00', timeZone: 'Africa/Monrovia', days: [4] },
    rows: [['1970-01-01T23:00:00Z', '1970-01-02T07:44:30.000Z']],
  },
];

describe.each(ROWS)('$what', ({ hours, rows }) => {
  const moments = rows.map(([moment]) => moment);

  it('is judged right', () => {
    expect(answers(hours, moments)).toEqual(rows.map(([, answer]) => answer));
  });

  it('is judged right of one object, forward and backward', () => {
    const until = (moment: string) => quietUntil(hours, Date.parse(moment)) !== undefined;
    const wanted = rows.map(([, answer]) => answer !== 'awake');
    expect(moments.map(until)).toEqual(wanted);
    expect(moments.toReversed().map(until)).toEqual(wanted.toReversed());
  });
});

const minute = fc.integer({ min: 0, max: 1_439 });
const timeOf = (minutes: number) =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
const arbitraryHours = fc
  .record({
    from: minute.map(timeOf),
    to: minute.map(timeOf),
    timeZone: fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'America/Havana',
      'Pacific/Apia',
      'UTC',
    ),
    days: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), { nil: undefined }),
  })
  .map(({ days, ...hours }): QuietHours => ({ ...hours, ...(days !== undefined && { days }) }));
const arbitraryMoment = fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2030-01-01') });

/** Date and time as the clocks of a zone show them. */
function wall(timeZone: string, moment: number): { minute: number; weekday: number } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(moment);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return {
    minute: Number(part('hour')) * 60 + Number(part('minute')),
    weekday: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday')) + 1,
  };
}

function minutesOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

describe('at any moment, in any zone', () => {
  it('the end that was told is the end, unless it is more than a day away', () => {
    fc.assert(
      fc.property(arbitraryHours, arbitraryMoment, (hours, now) => {
        const until = quietUntil({ ...hours }, now);
        if (until === undefined) return;
        expect(until).toBeGreaterThan(now);
        expect(quietUntil({ ...hours }, until - 1)).toBeGreaterThanOrEqual(until);
        const isTold = quietUntil({ ...hours }, until) === undefined || until - now > 86_400_000;
        expect(isTold).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('what is remembered of an object changes no answer', () => {
    fc.assert(
      fc.property(arbitraryHours, fc.array(arbitraryMoment, { minLength: 2, maxLength: 8 }), (hours, moments) => {
        const isQuiet = (asked: QuietHours, now: number) => quietUntil(asked, now) !== undefined;
        for (const now of moments.flatMap((moment) => [moment, moment + 3_600_000, moment - 3_600_000]))
          expect(isQuiet(hours, now)).toBe(isQuiet({ ...hours }, now));
      }),
      { numRuns: 500 },
    );
  });

  it('far from any change of clocks it is quiet exactly when the clock on the wall says so', () => {
    fc.assert(
      fc.property(arbitraryHours, arbitraryMoment, (hours, now) => {
        const offsets = [now - 2 * 86_400_000, now, now + 2 * 86_400_000].map((moment) => wall(hours.timeZone, moment));
        fc.pre(offsets.every(({ minute: shown }) => shown === offsets[0]?.minute));
        const { minute: shown, weekday } = wall(hours.timeZone, now);
        const [from, to] = [minutesOf(hours.from), minutesOf(hours.to)];
        const begins = (day: number) => hours.days?.includes(day) ?? true;
        const sinceToday = begins(weekday) && shown >= from && (to <= from || shown < to);
        const sinceYesterday = begins(weekday === 1 ? 7 : weekday - 1) && to <= from && shown < to;
        expect(quietUntil({ ...hours }, now) !== undefined).toBe(sinceToday || sinceYesterday);
      }),
      { numRuns: 2_000 },
    );
  });
});

it('there is an answer for more zones than are kept', () => {
  const zones = Intl.supportedValuesOf('timeZone');
  expect(zones.length).toBeGreaterThan(300);
  const now = Date.parse('2026-07-01T12:00Z');
  for (const timeZone of [...zones, ...zones.slice(0, 3)])
    expect(quietUntil({ from: '00:00', to: '00:00', timeZone }, now)).toBeGreaterThan(now);
});
