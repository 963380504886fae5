import type { Access } from '#clarion/access';
import type { LastReach, OpenReach, Reach } from '#clarion/notifications';
import { DomainError, matches, type Selector, type Topic } from '#clarion/protocol';
import type { Departures } from './departures.js';
import type { InterestIndex } from './interest-index.js';
import type { OpenSession } from './session-context.js';
import { walk } from './walk.js';

/** Who can be reached by the connections of this node. */
export class NodeReach implements Reach {
  readonly #sessions: Iterable<OpenSession>;
  readonly #index: InterestIndex;
  readonly #departures: Departures;
  readonly #access: Access;

  constructor(sessions: Iterable<OpenSession>, index: InterestIndex, departures: Departures, access: Access) {
    this.#sessions = sessions;
    this.#index = index;
    this.#departures = departures;
    this.#access = access;
  }

  async connectionsOf(users: readonly string[]): Promise<ReadonlyMap<string, readonly OpenReach[]>> {
    const wanted = new Set(users);
    const found = new Map<string, OpenReach[]>();
    await walk(this.#sessions, (session) => {
      const { who } = session;
      if (who.kind !== 'subscriber' || !wanted.has(who.sub)) return false;
      found.set(who.sub, [...(found.get(who.sub) ?? []), this.#reachOf(session)]);
      return false;
    });
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

  #reachOf({ who, transport, device, openedAt, reading }: OpenSession): OpenReach {
    return {
      transport,
      device,
      since: openedAt,
      from: reading.from,
      through: reading.through,
      lag: reading.lag,
      reads: (topic) => reading.topics.some((selector) => matches(selector, topic as Topic)),
      mayRead: (topic) => this.#grants(who, topic),
    };
  }

  #grants(who: OpenSession['who'], topic: string): boolean {
    try {
      this.#access.readGrant(who, topic as string as Selector);
      return true;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }
}
