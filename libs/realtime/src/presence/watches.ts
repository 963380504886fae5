import type { Access, Principal } from '#clarion/access';
import { DomainError, type ClientCommand, type ControlEvent, type PresenceList, type Topic } from '#clarion/protocol';
import type { FanOut, Flushable } from '../fan-out.js';
import type { PresenceBoard } from './presence-board.js';
import type { Announcement, Watcher } from './watcher.js';

/** Topics that one session watches. */
const MAX_WATCHES = 100;
/** Changes that wait for one full link: as many as an answer lists people. */
const MAX_WAITING = 1_000;

/** What the watches of all sessions share. */
export interface WatchContext {
  readonly access: Access;
  readonly fanOut: FanOut;
  readonly presence: PresenceBoard;
}

/** A session that may watch. */
export interface WatchingSession {
  readonly who: Principal;
  /** Says something beside the log at once. @returns false when the link has no room: nothing was written. */
  tell(events: readonly ControlEvent[]): boolean;
}

type PresenceCommand = Omit<Extract<ClientCommand, { op: 'presence' }>, 'op'>;

/**
 * Which topics one session watches, and what it has yet to be told. What is announced is told at the end of the turn, when the roster that it
 * follows was answered; to a full link as soon as it has room, of each person on each topic the newest, and of more than 1,000 the latest.
 */
export class Watches implements Watcher, Flushable {
  readonly #context: WatchContext;
  readonly #session: WatchingSession;
  readonly #topics = new Set<Topic>();
  readonly #waiting = new Map<string, Announcement['event']>();
  #flushing = false;

  constructor(context: WatchContext, session: WatchingSession) {
    this.#context = context;
    this.#session = session;
  }

  /** @throws {DomainError} as `Access.assertPresence`; `body.invalid` for one watch too many. */
  async carryOut({ topic: wanted, watch }: PresenceCommand): Promise<PresenceList> {
    const topic = this.#context.access.assertPresence(this.#session.who, wanted);
    if (watch === true) return this.#watch(topic);
    if (watch === false) this.#unwatch(topic);
    return this.#context.presence.ask(topic);
  }

  begin(topic: Topic): boolean {
    this.#forget(topic);
    return this.#topics.has(topic);
  }

  hear({ key, event }: Announcement): void {
    this.#waiting.delete(key);
    this.#waiting.set(key, event);
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
    if (this.#flushing) return;
    this.#flushing = true;
    this.#context.fanOut.flushLater(this);
  }

  flush(): void {
    this.#flushing = false;
    this.writable();
  }

  /** The link has room again. */
  writable(): void {
    if (this.#flushing || this.#waiting.size === 0) return;
    if (this.#session.tell([...this.#waiting.values()])) this.#waiting.clear();
  }

  /** Ends the watches that the rights of now do not cover. */
  recheck(): void {
    for (const topic of this.#topics) {
      try {
        this.#context.access.assertPresence(this.#session.who, topic);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        this.#unwatch(topic);
      }
    }
  }

  clear(): void {
    for (const topic of this.#topics) this.#unwatch(topic);
  }

  /** Wanted from now on, heard from the moment of the roster on: until then it may have been taken back. */
  async #watch(topic: Topic): Promise<PresenceList> {
    if (this.#topics.size >= MAX_WATCHES && !this.#topics.has(topic))
      throw new DomainError('body.invalid', undefined, [
        { pointer: '/topic', detail: `a session watches at most ${MAX_WATCHES} topics` },
      ]);
    this.#topics.add(topic);
    try {
      return await this.#context.presence.watch(topic, this);
    } catch (error) {
      this.#unwatch(topic);
      throw error;
    }
  }

  #unwatch(topic: Topic): void {
    this.#topics.delete(topic);
    this.#context.presence.unwatch(topic, this);
    this.#forget(topic);
  }

  #forget(topic: Topic): void {
    for (const [key, { data }] of this.#waiting) if (data.topic === topic) this.#waiting.delete(key);
  }
}
