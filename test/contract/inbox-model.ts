import type { Edit, InboxFilter, MarkState, WantedPreferences } from '#clarion/protocol';

/** Whose inbox it is: a name, and from when on which topics may be shown to them (milliseconds since 1970); undefined: not at all. */
export interface ModelPerson {
  readonly user: string;
  historyFrom(topic: string): number | undefined;
}

/** What was published, in its newest form. */
export interface ModelNotification {
  readonly id: string;
  readonly cursor: string;
  readonly offset: number;
  readonly topics: readonly string[];
  readonly publishedAt: number;
  readonly expiresAt: number | undefined;
  readonly category: string | undefined;
  readonly collapseKey: string | undefined;
  /** What readers are shown beside id, cursor and topic. */
  shown: Readonly<Record<string, unknown>>;
  isRetracted: boolean;
  /** Retention has dropped it: nobody knows its id any more. */
  isForgotten: boolean;
}

/** What somebody said of notifications, as it came. */
export interface ModelMark {
  readonly state: MarkState;
  readonly undo: boolean;
  readonly at: number;
  readonly until: number | null;
  readonly target: { readonly ids: readonly string[] } | { readonly upTo: number; readonly topic: string | undefined };
}

/** `(from, to]` */
interface Interval {
  readonly user: string;
  readonly topic: string;
  readonly from: number;
  to: number;
}

export interface ModelQuery {
  readonly state: InboxFilter;
  readonly category: string | undefined;
  readonly topic: string | undefined;
}

/** What holds for a category of which a person has not chosen, and whether they can. */
export interface ModelCategory {
  readonly id: string;
  readonly inbox: boolean;
  readonly isLocked: boolean;
}

/** An entry of the log, as whoever resumes from the beginning must find it. */
export interface ModelEntry {
  readonly offset: number;
  readonly id: string;
  readonly kind: 'updated' | 'retracted' | 'inbox' | undefined;
  readonly about: number | undefined;
  readonly topics: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

interface Told {
  readonly offset: number;
  readonly kind: 'notification' | 'updated' | 'retracted';
  readonly notification: ModelNotification;
}

/** How an act ends: what the server answers, or the code of its refusal. */
export type Outcome = 'changed' | 'unchanged' | 'notification.unknown' | 'notification.over' | 'body.invalid';

const NOBODY_CHOSE: WantedPreferences = {
  categories: {},
  mutedTopics: [],
  quietHours: null,
  doNotDisturbUntil: null,
  presence: 'visible',
};

/**
 * Inboxes as anybody would write them with arrays and no haste: all that was ever published and said is kept as it was said, and looked through from
 * the beginning whenever something is asked. It decides nothing about places: it takes over those that the log has given.
 */
export class InboxModel {
  readonly #categories: readonly ModelCategory[];
  readonly #notifications: ModelNotification[] = [];
  readonly #intervals: Interval[] = [];
  readonly #marks = new Map<string, ModelMark[]>();
  readonly #preferences = new Map<string, WantedPreferences>();
  readonly #told: Told[] = [];
  readonly #personal: ModelEntry[] = [];

  constructor(categories: readonly ModelCategory[]) {
    this.#categories = categories;
  }

  /** Oldest first, tombstones too. */
  get notifications(): readonly ModelNotification[] {
    return this.#notifications;
  }

  publish(notification: ModelNotification): void {
    this.#notifications.push(notification);
    this.#told.push({ offset: notification.offset, kind: 'notification', notification });
  }

  /** Retention drops what nobody is shown any more, when it drops all of the resume log. */
  forget(now: number): void {
    for (const one of this.#notifications) if (!this.isKept(one, now)) one.isForgotten = true;
  }

  /** Whether somebody may still be shown it, neither retracted nor expired. */
  isKept(notification: ModelNotification, now: number): boolean {
    return !notification.isRetracted && !isExpired(notification, now);
  }

  follow(user: string, topic: string, offset: number): void {
    this.#intervals.push({ user, topic, from: offset, to: Infinity });
  }

  unfollow(user: string, topic: string, offset: number): void {
    const open = this.#intervals.find((one) => one.user === user && one.topic === topic && one.to === Infinity);
    if (open !== undefined) open.to = offset;
  }

  isFollowing(user: string, topic: string): boolean {
    return this.#intervals.some((one) => one.user === user && one.topic === topic && one.to === Infinity);
  }

  follows(user: string): string[] {
    const open = this.#intervals.filter((one) => one.user === user && one.to === Infinity);
    return open.map(({ topic }) => topic).sort();
  }

  /** What an edit at that time would come to, and what readers would be shown. */
  judgeEdit(id: string, edit: Edit, now: number): { outcome: Outcome; shown?: Record<string, unknown> } {
    const found = this.#find(id);
    if (found === undefined) return { outcome: 'notification.unknown' };
    if (found.isRetracted || isExpired(found, now)) return { outcome: 'notification.over' };
    const shown: Record<string, unknown> = { ...found.shown, ...edit, updatedAt: iso(now) };
    for (const [name, value] of Object.entries(edit)) if (value === null && name !== 'data') delete shown[name];
    const saysSomething = ['title', 'type', 'data'].some((name) => Object.hasOwn(shown, name));
    return saysSomething ? { outcome: 'changed', shown } : { outcome: 'body.invalid' };
  }

  edit(id: string, shown: Readonly<Record<string, unknown>>, offset: number): void {
    const notification = this.#get(id);
    notification.shown = shown;
    this.#told.push({ offset, kind: 'updated', notification });
  }

  judgeRetraction(id: string, now: number): Outcome {
    const found = this.#find(id);
    if (found === undefined) return 'notification.unknown';
    if (found.isRetracted) return 'unchanged';
    return isExpired(found, now) ? 'notification.over' : 'changed';
  }

  retract(id: string, at: number, offset: number): void {
    const notification = this.#get(id);
    notification.isRetracted = true;
    notification.shown = { retractedAt: iso(at) };
    this.#told.push({ offset, kind: 'retracted', notification });
  }

  /** What a mark would come to: `changed` when of one notification, or of all up to a place, something else would count. */
  judgeMark(user: string, mark: ModelMark): Outcome {
    const targets = this.#targetsOf(mark);
    if (targets === undefined || ('ids' in mark.target && !targets.every((one) => this.wasTheirs(user, one))))
      return 'notification.unknown';
    return targets.some((one) => wins(mark, this.#counting(user, mark.state, one))) ? 'changed' : 'unchanged';
  }

  /** Whether it came to their inbox when it was published, whatever became of it since. */
  wasTheirs(user: string, notification: ModelNotification): boolean {
    return notification.topics.some((topic) => this.#cameBy(user, notification, topic));
  }

  mark(user: string, mark: ModelMark): void {
    this.#marks.set(user, [...(this.#marks.get(user) ?? []), mark]);
  }

  choose(user: string, wanted: WantedPreferences): void {
    this.#preferences.set(user, wanted);
  }

  preferences(user: string): WantedPreferences {
    return this.#preferences.get(user) ?? NOBODY_CHOSE;
  }

  /** What a person did, as their other devices find it in the log. */
  didPersonally(entry: Omit<ModelEntry, 'kind' | 'about'>): void {
    this.#personal.push({ ...entry, kind: 'inbox', about: undefined });
  }

  /** Newest first, as JSON has them. */
  inbox(person: ModelPerson, { state, category, topic }: ModelQuery, now: number): unknown[] {
    const items = this.#listed(person, topic, now)
      .filter(({ notification }) => category === undefined || notification.category === category)
      .filter(({ standing }) => passes(state, standing));
    return items.map(({ notification: { id, cursor, shown }, by, standing }) => ({
      notification: { id, cursor, topic: by, ...shown },
      ...(standing.seen !== undefined && { seenAt: iso(standing.seen.at) }),
      ...(standing.read !== undefined && { readAt: iso(standing.read.at) }),
      ...(standing.archived !== undefined && { archivedAt: iso(standing.archived.at) }),
      ...(standing.snoozedUntil !== undefined && { snoozedUntil: iso(standing.snoozedUntil) }),
    }));
  }

  summary(person: ModelPerson, now: number): unknown {
    const count = (state: InboxFilter): unknown => {
      const exact = this.#listed(person, undefined, now).filter(({ standing }) => passes(state, standing)).length;
      return exact > 1_000 ? { count: 1_000, more: true } : { count: exact };
    };
    return { unseen: count('unseen'), unread: count('unread') };
  }

  /** What counts of a person's marks on one notification, as the store tells it. */
  standing(user: string, notification: ModelNotification): Record<string, unknown> {
    const standing: Record<string, unknown> = {};
    for (const state of ['seen', 'read', 'archived', 'snoozed'] as const) {
      const mark = this.#counting(user, state, notification);
      if (mark !== undefined && !mark.undo) standing[state] = { at: mark.at, undone: false, until: mark.until };
    }
    return standing;
  }

  /** What somebody finds who reads the log from its beginning: in the place of what was replaced the newest form, never an old one. */
  log(now: number): ModelEntry[] {
    const told = this.#told
      .filter(({ notification }) => !isExpired(notification, now))
      .map(({ offset, kind, notification }): ModelEntry => {
        const isTombstone = notification.isRetracted;
        const shownKind = isTombstone ? 'retracted' : kind === 'updated' ? 'updated' : undefined;
        return {
          offset,
          id: notification.id,
          kind: shownKind,
          about: shownKind === undefined ? undefined : notification.offset,
          topics: notification.topics,
          body: notification.shown,
        };
      });
    return [...told, ...this.#personal].sort((a, b) => a.offset - b.offset);
  }

  #listed(person: ModelPerson, topic: string | undefined, now: number) {
    return this.#notifications
      .filter((one) => this.isKept(one, now) && !this.#isHidden(person.user, one.category))
      .flatMap((notification) => {
        const by = notification.topics.find(
          (one) => (topic === undefined || one === topic) && this.#isSeenBy(person, notification, one),
        );
        if (by === undefined || this.#isCollapsed(person.user, notification, by)) return [];
        return [{ notification, by, standing: this.#standingNow(person.user, notification, now) }];
      })
      .reverse();
  }

  /** Whether it came to this person by the topic, whatever they may see now. */
  #cameBy(user: string, { offset, topics }: ModelNotification, topic: string): boolean {
    const isFollowed = this.#intervals.some(
      (one) => one.user === user && one.topic === topic && one.from < offset && offset <= one.to,
    );
    return topics.includes(topic) && (topic === `users/${user}` || isFollowed);
  }

  #isSeenBy({ user, historyFrom }: ModelPerson, notification: ModelNotification, topic: string): boolean {
    const from = topic === `users/${user}` ? 0 : historyFrom(topic);
    const isMuted = this.preferences(user).mutedTopics.some((muted) => muted === topic);
    return (
      this.#cameBy(user, notification, topic) && !isMuted && from !== undefined && notification.publishedAt >= from
    );
  }

  #isHidden(user: string, id: string | undefined): boolean {
    if (id === undefined) return false;
    const category = this.#categories.find((one) => one.id === id);
    const byDefault = category?.inbox ?? true;
    if (category?.isLocked === true) return !byDefault;
    return !(this.preferences(user).categories[id]?.inbox ?? byDefault);
  }

  #isCollapsed(user: string, notification: ModelNotification, topic: string): boolean {
    const { offset, collapseKey } = notification;
    if (collapseKey === undefined) return false;
    const newer = this.#notifications.find(
      (one) => one.offset > offset && one.collapseKey === collapseKey && one.topics.includes(topic),
    );
    if (newer === undefined) return false;
    const read = this.#counting(user, 'read', notification);
    return read === undefined || read.undo || read.at >= newer.publishedAt;
  }

  #standingNow(user: string, notification: ModelNotification, now: number) {
    const holding = (state: MarkState): ModelMark | undefined => {
      const mark = this.#counting(user, state, notification);
      return mark?.undo === false ? mark : undefined;
    };
    const until = holding('snoozed')?.until ?? 0;
    return {
      seen: holding('seen'),
      read: holding('read'),
      archived: holding('archived'),
      snoozedUntil: until > now ? until : undefined,
    };
  }

  /** Of all that was ever said, in that state, the one that counts. */
  #counting(user: string, state: MarkState, notification: ModelNotification): ModelMark | undefined {
    let counting: ModelMark | undefined;
    for (const mark of this.#marks.get(user) ?? [])
      if (mark.state === state && isAbout(mark, notification) && wins(mark, counting)) counting = mark;
    return counting;
  }

  /** Undefined: one of them was never published. */
  #targetsOf(mark: ModelMark): ModelNotification[] | undefined {
    if (!('ids' in mark.target)) return this.#notifications.filter((one) => isAbout(mark, one));
    const found = mark.target.ids.map((id) => this.#find(id));
    return found.includes(undefined) ? undefined : found.flatMap((one) => one ?? []);
  }

  #find(id: string): ModelNotification | undefined {
    return this.#notifications.find((one) => one.id === id && !one.isForgotten);
  }

  #get(id: string): ModelNotification {
    const found = this.#find(id);
    if (found === undefined) throw new Error(`there is no ${id}`);
    return found;
  }
}

type StandingNow = {
  readonly seen: ModelMark | undefined;
  readonly read: ModelMark | undefined;
  readonly archived: ModelMark | undefined;
  readonly snoozedUntil: number | undefined;
};

function passes(filter: InboxFilter, { seen, read, archived, snoozedUntil }: StandingNow): boolean {
  if (filter === 'all') return true;
  if (filter === 'archived') return archived !== undefined;
  if (filter === 'snoozed') return snoozedUntil !== undefined;
  if (archived !== undefined || snoozedUntil !== undefined) return false;
  if (filter === 'unread') return read === undefined;
  if (filter === 'read') return read !== undefined;
  return filter === 'inbox' || (seen === undefined && read === undefined);
}

function isAbout({ target }: ModelMark, { id, offset, topics }: ModelNotification): boolean {
  if ('ids' in target) return target.ids.includes(id);
  return offset <= target.upTo && (target.topic === undefined || topics.includes(target.topic));
}

/** The later; at the same time the mark rather than its undoing; of two snoozes the longer. */
function wins(one: ModelMark, other: ModelMark | undefined): boolean {
  if (other === undefined || one.at > other.at) return true;
  if (one.at < other.at) return false;
  if (one.undo !== other.undo) return other.undo;
  return (one.until ?? 0) > (other.until ?? 0);
}

function isExpired({ expiresAt }: ModelNotification, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
