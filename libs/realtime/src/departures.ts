import type { LastReach } from '#clarion/notifications';
import type { EndCause } from './open-connection.js';
import type { OpenSession } from './session-context.js';

/** People of whom the last end of a connection is remembered. */
const MAX_PEOPLE = 10_000;

/** When, and why, the last connection of each person ended on this node; of those who came and went last. */
export class Departures {
  readonly #last = new Map<string, LastReach>();

  note({ who, transport }: Pick<OpenSession, 'who' | 'transport'>, reason: EndCause): void {
    if (who.kind !== 'subscriber') return;
    this.#last.delete(who.sub);
    this.#last.set(who.sub, { transport, at: Date.now(), reason });
    if (this.#last.size > MAX_PEOPLE) this.#last.delete(this.#last.keys().next().value!);
  }

  of(user: string): LastReach | undefined {
    return this.#last.get(user);
  }
}
