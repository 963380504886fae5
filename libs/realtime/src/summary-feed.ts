import type { Principal, Subscriber } from '#clarion/access';
import type { Summaries } from '#clarion/notifications';
import { userTopic, type Topic } from '#clarion/protocol';
import { Deadlines } from './deadlines.js';
import { LogEvent } from './log-event.js';

/** Between two summaries of one person. */
const REST_MS = 1_000;

/**
 * Tells people who are connected how much of their inbox is new, after they have changed it: at once, and then at most once a second each,
 * however often they do. Keeps only those whom it has told in the last second, and one timer for them all.
 *
 * A client takes a summary for what there is, and goes on from it by what it hears. So a summary comes after all that it counts; and where something was
 * heard before it that it may not count, another follows.
 */
export class SummaryFeed {
  readonly #summaries: Summaries;
  readonly #readerOf: (topic: Topic) => Subscriber | undefined;
  readonly #settled: () => Promise<void>;
  readonly #deliver: (event: LogEvent) => void;
  readonly #onError: (error: unknown) => void;
  /** Who is being told, or was a moment ago; true: something has changed since. */
  readonly #told = new Map<string, boolean>();
  readonly #beingTold = new Set<string>();
  readonly #rests = new Deadlines<string>((user) => this.#rested(user));
  #stopped = false;

  /**
   * @param readerOf one of the person's readers of their own topic on this node: what is counted goes by its rights.
   * @param settled resolves when everything that is in the log by then has been delivered.
   */
  constructor(
    summaries: Summaries,
    readerOf: (topic: Topic) => Subscriber | undefined,
    settled: () => Promise<void>,
    deliver: (event: LogEvent) => void,
    onError: (error: unknown) => void,
  ) {
    this.#summaries = summaries;
    this.#readerOf = readerOf;
    this.#settled = settled;
    this.#deliver = deliver;
    this.#onError = onError;
  }

  /** The person's inbox is another. */
  changed(user: string): void {
    if (this.#told.has(user)) this.#told.set(user, true);
    else if (!this.#stopped) void this.#tell(user, this.#readerOf(userTopic(user)));
  }

  /** The person's client has heard of something that is stored. A comparison for nearly all. */
  heard(who: Principal): void {
    if (this.#beingTold.size > 0 && who.kind === 'subscriber' && this.#beingTold.has(who.sub))
      this.#told.set(who.sub, true);
  }

  /** Nobody is told any more. */
  stop(): void {
    this.#stopped = true;
    this.#rests.stop();
  }

  async #tell(user: string, reader: Subscriber | undefined): Promise<void> {
    if (reader === undefined) return;
    this.#told.set(user, false);
    this.#beingTold.add(user);
    try {
      const json = await this.#summaries.of(reader);
      await this.#settled();
      if (!this.#stopped) this.#deliver(LogEvent.control('summary', [userTopic(user)], json, ''));
    } catch (error) {
      this.#onError(error);
    }
    this.#beingTold.delete(user);
    if (!this.#stopped) this.#rests.set(user, Date.now() + REST_MS);
  }

  #rested(user: string): void {
    const isStale = this.#told.get(user) === true;
    this.#told.delete(user);
    if (isStale) this.changed(user);
  }
}
