import type { PushCandidate } from '#clarion/notifications';

/** What a push has come to, as a model sees it. */
export interface ModelPush {
  readonly offset: number;
  readonly device: ModelDevice;
  readonly order: number;
  state: 'waiting' | 'sent' | 'parked' | 'cancelled' | 'gone';
  readonly until: number;
}

export interface ModelDevice {
  readonly user: string;
  readonly id: string;
  readonly host: string;
  readonly since: number;
  isGone: boolean;
  /** Nothing of it may be tried before. */
  waitsUntil: number;
  held: ModelPush | undefined;
}

export interface ModelEntry {
  readonly offset: number;
  readonly id: string;
  readonly topics: readonly string[];
  readonly collapseKey: string | undefined;
  retracted: boolean;
}

interface Follow {
  readonly user: string;
  readonly topic: string;
  readonly from: number;
  to: number | null;
}

/** Devices, follows, marks and pushes as anybody would write them with arrays and no haste, under a clock that never stands still. */
export class PushModel {
  readonly devices: ModelDevice[] = [];
  readonly entries: ModelEntry[] = [];
  readonly follows: Follow[] = [];
  readonly pushes: ModelPush[] = [];
  readonly #marks: { readonly user: string; readonly undo: boolean; readonly has: (entry: ModelEntry) => boolean }[] =
    [];
  /** `user offset` of all that was ever read. */
  readonly everRead = new Set<string>();

  device(user: string, id: string): ModelDevice | undefined {
    return this.devices.find((one) => one.user === user && one.id === id && !one.isGone);
  }

  remove(device: ModelDevice): void {
    device.isGone = true;
    for (const push of this.pushes) if (push.device === device && push.state === 'waiting') push.state = 'gone';
  }

  open(user: string, topic: string): Follow | undefined {
    return this.follows.find((one) => one.user === user && one.topic === topic && one.to === null);
  }

  mark(user: string, undo: boolean, has: (entry: ModelEntry) => boolean): void {
    this.#marks.push({ user, undo, has });
    for (const entry of this.entries) if (this.isRead(user, entry)) this.everRead.add(`${user} ${entry.offset}`);
  }

  /** The last word counts. */
  isRead(user: string, entry: ModelEntry): boolean {
    const last = this.#marks.findLast((one) => one.user === user && one.has(entry));
    return last !== undefined && !last.undo;
  }

  /** By which of its topics somebody has it now. */
  topicsOf(user: string, { offset, topics }: ModelEntry): string[] {
    const followedThen = (topic: string) =>
      this.follows.some(
        (one) => one.user === user && one.topic === topic && one.from < offset && (one.to === null || one.to >= offset),
      );
    return topics.filter(
      (topic) => topic === `users/${user}` || (this.open(user, topic) !== undefined && followedThen(topic)),
    );
  }

  /** Without those in which a newer one has taken its place. */
  standingTopics(user: string, entry: ModelEntry): string[] {
    const { offset, collapseKey } = entry;
    const newer = this.entries.filter(
      (one) => collapseKey !== undefined && one.offset > offset && one.collapseKey === collapseKey,
    );
    return this.topicsOf(user, entry).filter((topic) => !newer.some(({ topics }) => topics.includes(topic)));
  }

  /** Whether a push is still to be sent. */
  isWanted({ offset, device, until }: ModelPush, now: number): boolean {
    const entry = this.entry(offset);
    return (
      until >= now &&
      !entry.retracted &&
      !this.isRead(device.user, entry) &&
      this.standingTopics(device.user, entry).length > 0
    );
  }

  entry(offset: number): ModelEntry {
    const entry = this.entries.find((one) => one.offset === offset);
    if (entry === undefined) throw new Error(`nothing was published at ${offset}`);
    return entry;
  }

  /** Whether somebody may be found for an entry now, and how. */
  hasCandidate({ user, topics, devices }: PushCandidate, entry: ModelEntry): boolean {
    const known = this.devices.filter((one) => one.user === user && !one.isGone && one.since < entry.offset);
    return (
      topics.length > 0 &&
      // What was read before the newer one came stands, which a candidate's topics know of as well.
      topics.every((topic) => this.topicsOf(user, entry).includes(topic)) &&
      same(
        devices.map(({ id }) => id),
        known.map(({ id }) => id),
      )
    );
  }

  waitingOf(device: ModelDevice): ModelPush[] {
    return this.pushes.filter((push) => push.device === device && push.state === 'waiting');
  }
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
}
