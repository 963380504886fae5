const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Of each zone these are kept: those of yesterday, today and the days to come, and some more. */
const MAX_DAYS = 16;

/** A UTC day: the offset at its beginning, and from `change` on another one. */
interface ZoneDay {
  readonly before: number;
  readonly after: number;
  readonly change: number;
}

/** The moments that a clock on the wall can mean, milliseconds since 1970: one, or twice the same, save in a night in which clocks are set. */
export interface WallMoments {
  /** Where clocks are set back, and show a time twice: the first and the second. */
  readonly first: number;
  readonly last: number;
}

/**
 * How clocks go in one zone of the IANA database, as `Intl` knows it; asked of it twice a day, and else a few tenths of a µs. Right as long as
 * clocks are not set twice within one UTC day and so that it cannot be seen at its end, which has never been.
 */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  readonly #days = new Map<number, ZoneDay>();

  /** @throws {RangeError} for what is no zone. */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  }

  /** By how many milliseconds clocks are ahead of UTC at a moment. */
  offsetAt(moment: number): number {
    const { before, after, change } = this.#dayOf(Math.floor(moment / DAY_MS));
    return moment < change ? before : after;
  }

  /**
   * When clocks show this, given as if it were UTC. A time that is skipped, since clocks are set forward over it, means the moment at which they are
   * set: from then on they show something later.
   */
  momentsOf(wall: number): WallMoments {
    // Two days about it have at most one change, and no offset is as large as a day.
    const before = this.offsetAt(wall - DAY_MS);
    const after = this.offsetAt(wall + DAY_MS);
    const meant = [wall - before, wall - after].filter((moment) => moment + this.offsetAt(moment) === wall);
    if (meant.length > 0) return { first: Math.min(...meant), last: Math.max(...meant) };
    const change = firstWhere(wall - after, wall - before, (moment) => this.offsetAt(moment) === after);
    return { first: change, last: change };
  }

  #dayOf(day: number): ZoneDay {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const made = this.#makeDay(day * DAY_MS);
    if (this.#days.size >= MAX_DAYS) this.#days.clear();
    this.#days.set(day, made);
    return made;
  }

  #makeDay(from: number): ZoneDay {
    const before = this.#askOffset(from);
    const after = this.#askOffset(from + DAY_MS);
    const change =
      before === after ? from : firstWhere(from, from + DAY_MS, (moment) => this.#askOffset(moment) === after);
    return { before, after, change };
  }

  /** Of what `Intl` writes, the offset is the end: `GMT`, `GMT+10:30`, `GMT-00:44:30`. */
  #askOffset(moment: number): number {
    const [, sign, hours, minutes, seconds] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(
      this.#format.format(moment),
    )!;
    const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE_MS + Number(seconds ?? 0) * 1_000;
    return sign === '-' ? -size : size;
  }
}

/** The first moment in `(below, upTo]` at which it is so; at `upTo` it is, and from then on. */
function firstWhere(below: number, upTo: number, isSo: (moment: number) => boolean): number {
  let [low, high] = [below, upTo];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isSo(middle)) high = middle;
    else low = middle;
  }
  return high;
}
