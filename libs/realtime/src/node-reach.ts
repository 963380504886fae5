import type { Access } from '#clarion/access';
import type { LastReach, OpenReach, Reach } from '#clarion/notifications';
import { DomainError, type Selector, type Topic } from '#clarion/protocol';
import type { Departures } from './departures.js';
import type { InterestIndex } from './interest-index.js';
import { readsAfter } from './log-reading.js';
import type { OpenSession } from './session-context.js';
import { walk } from './walk.js';

/** A session, or a poll that waits. */
type Reader = Pick<OpenSession, 'kind' | 'who' | 'transport' | 'device' | 'openedAt' | 'reading'>;

/** Who can be reached by the connections of this node. */
export class NodeReach implements Reach {
  readonly #sessions: Iterable<Reader>;
  readonly #polls: { members(): Iterable<Reader> };
  readonly #index: InterestIndex;
  readonly #departures: Departures;
  readonly #access: Access;

  /** @param polls those that wait. */
  constructor(
    sessions: Iterable<Reader>,
    polls: { members(): Iterable<Reader> },
    index: InterestIndex,
    departures: Departures,
    access: Access,
  ) {
    this.#sessions = sessions;
    this.#polls = polls;
    this.#index = index;
    this.#departures = departures;
    this.#access = access;
  }

  async connectionsOf(users: readonly string[]): Promise<ReadonlyMap<string, readonly OpenReach[]>> {
    const wanted = new Set(users);
    const found = new Map<string, OpenReach[]>();
    const look = (reader: Reader): boolean => {
      const { who } = reader;
      if (who.kind !== 'subscriber' || !wanted.has(who.sub)) return false;
      found.set(who.sub, [...(found.get(who.sub) ?? []), this.#reachOf(reader)]);
      return false;
    };
    await walk(this.#sessions, look);
    await walk(this.#polls.members(), look);
    return found;
  }

  lastOf(user: string): LastReach | undefined {
    return this.#departures.of(user);
  }

  /** A reader by several selectors counts once. */
  readers(topic: string): number {
    // Opaque here: what is no topic of ours has no readers.
    return new Set(this.#index.readersOf(topic as Topic).flatMap((readers) => readers.map(({ reader }) => reader)))
      .size;
  }

  #reachOf({ kind, who, transport, device, openedAt, reading }: Reader): OpenReach {
    return {
      transport,
      device,
      since: openedAt,
      through: reading.through,
      lag: reading.lag,
      hearsEphemeral: kind === 's',
      readsAfter: (topic, publishedAt) => readsAfter(reading, topic as Topic, publishedAt),
      mayRead: (topic, publishedAt) => this.#grants(who, topic, publishedAt),
    };
  }

  #grants(who: Reader['who'], topic: string, publishedAt: number): boolean {
    try {
      return this.#access.readGrant(who, topic as Selector).historyFrom <= publishedAt;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }
}
