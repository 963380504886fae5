import {
  DomainError,
  MAX_IDS,
  OWN_TOPIC,
  userTopic,
  type Cursor,
  type InboxChange,
  type MarkRequest,
  type Topic,
} from '#clarion/protocol';
import type { Acted, NotificationLog } from '../notification-log.js';
import { isoTime } from '../iso-time.js';
import type { MarkAct } from './acts.js';
import { changeBody } from './change-body.js';
import type { PeopleStore } from './people-store.js';
import type { Person } from './person.js';

/** What came of something that a person did. */
export interface Changed {
  /** False: it was so already, or something later had been said. */
  readonly changed: boolean;
  /** The place of the event `inbox` that tells their other devices. */
  readonly cursor?: Cursor;
}

/** A topic that a person follows, and since when (milliseconds since 1970). */
export interface FollowedTopic {
  readonly topic: string;
  readonly since: number;
}

/** What people do to their inbox: each a place in the log, on their own topic, and heard by all of their devices. */
export class InboxActs {
  readonly #log: NotificationLog;
  readonly #store: PeopleStore;

  constructor(log: NotificationLog, store: PeopleStore) {
    this.#log = log;
    this.#store = store;
  }

  /**
   * @throws {DomainError} `cursor.unknown`; `topic.forbidden` for a topic that this person may not read: what changed would tell them to whom
   * else a notification went; `notification.unknown` for an id that is not in this person's inbox: then nothing is marked.
   */
  async mark({ user, historyFrom }: Person, request: MarkRequest): Promise<Changed> {
    const { state, undo = false, until } = request;
    const now = Date.now();
    // A clock that was reset lies before time begins here.
    const at = request.at === undefined ? now : Math.min(now, Math.max(0, Date.parse(request.at)));
    const untilMs = until === undefined || undo ? null : Date.parse(until);
    const topic = request.topic === OWN_TOPIC ? userTopic(user) : request.topic;
    if (topic !== undefined && topic !== userTopic(user) && historyFrom(topic) === undefined)
      throw new DomainError('topic.forbidden', topic);
    const target = await this.#targetOf(request, topic ?? null);
    const mark: InboxChange['mark'] = {
      state,
      ...(undo && { undo }),
      ...(untilMs !== null && { until: isoTime(untilMs) }),
      ...('ids' in target && { ids: [...target.ids] }),
      ...(request.upTo !== undefined && { upTo: request.upTo }),
      ...(topic !== undefined && { topic }),
    };
    const body = changeBody({ change: 'marked', mark, at: isoTime(at) });
    return this.#changed(await this.#log.act({ kind: 'mark', user, at, body, state, undo, until: untilMs, target }));
  }

  /** From now on what is published to the topic is in the inbox. @throws {DomainError} `topic.forbidden` when this person may not read it. */
  async follow({ user, historyFrom }: Person, topic: Topic): Promise<Changed> {
    if (topic === userTopic(user) || topic === OWN_TOPIC)
      throw new DomainError('body.invalid', 'one’s own topic needs no following');
    if (historyFrom(topic) === undefined) throw new DomainError('topic.forbidden', topic);
    return this.#setFollow('follow', user, topic);
  }

  /** What was published until now stays in the inbox. */
  async unfollow({ user }: Person, topic: Topic): Promise<Changed> {
    return this.#setFollow('unfollow', user, topic);
  }

  /** By topic. */
  async follows({ user }: Person): Promise<FollowedTopic[]> {
    const intervals = await this.#store.follows(user);
    return intervals.filter(({ to }) => to === null).map(({ topic, since }) => ({ topic, since }));
  }

  async #setFollow(kind: 'follow' | 'unfollow', user: string, topic: Topic): Promise<Changed> {
    const at = Date.now();
    const body = changeBody({ change: `${kind}ed`, followed: topic, at: isoTime(at) });
    return this.#changed(await this.#log.act({ kind, user, topic, at, body }));
  }

  async #targetOf({ ids, upTo }: MarkRequest, topic: string | null): Promise<MarkAct['target']> {
    if (upTo === undefined) return { ids: [...new Set(ids)].slice(0, MAX_IDS) };
    const offset = await this.#log.offsetOf(upTo);
    if (offset === undefined) throw new DomainError('cursor.unknown');
    return { upTo: offset, topic };
  }

  #changed({ entry }: Acted): Changed {
    return entry === null ? { changed: false } : { changed: true, cursor: this.#log.cursorAt(entry.offset) };
  }
}
