import type { Principal } from '#clarion/access';
import type { PersonalNotification, Via } from '#clarion/notifications';
import { EARLIEST, matches, userTopic, type Topic } from '#clarion/protocol';
import type { Want } from './gateway.js';
import type { Interest } from './interest.js';
import type { LogEvent } from './log-event.js';
import { isPersonal, type Run } from './outlet.js';
import { userOf, type People } from './people.js';

/** A person who reads by one connection, as far as others must know of it; of API keys and anonymous readers there is nothing to know. */
export class Recipient {
  readonly #people: Pick<People, 'rules' | 'witness'>;
  readonly #user: string | undefined;
  readonly #transport: string;
  readonly #device: string | undefined;
  #holds = false;

  constructor(people: Pick<People, 'rules' | 'witness'>, who: Principal, transport: string, device?: string) {
    this.#people = people;
    this.#user = userOf(who);
    this.#transport = transport;
    this.#device = device;
  }

  /** By what the reader is reached. */
  get via(): Via {
    return { transport: this.#transport, device: this.#device ?? null };
  }

  /** Has what the person has chosen to hear kept in memory until {@link end}. Undefined: it is there. */
  begin(): Promise<void> | undefined {
    if (this.#user === undefined) return undefined;
    this.#holds = true;
    return this.#people.rules.hold(this.#user);
  }

  /** Idempotent. */
  end(): void {
    if (this.#holds && this.#user !== undefined) this.#people.rules.release(this.#user);
    this.#holds = false;
  }

  /** The reader's place was found. What lies before it was received, if it is a place that the client has brought. */
  foundAt(offset: number, since: Want['since'], { selectors }: Interest): void {
    if (this.#user === undefined || since === undefined || since === EARLIEST) return;
    const reads = (topic: string): boolean => selectors.some((selector) => matches(selector, topic as Topic));
    this.#people.witness.cameBack(this.#user, offset, this.via, reads);
  }

  /** All of the run was written. */
  wrote<F>(run: Run<F>): void {
    if (run.isPersonal && this.#user !== undefined) this.#sent(run.naming(userTopic(this.#user)));
  }

  /** These events are in an answer, in log order. */
  answered(events: readonly LogEvent[]): void {
    if (this.#user === undefined) return;
    const own = userTopic(this.#user);
    this.#sent(events.filter(isPersonal).filter(({ named }) => named.has(own)));
  }

  #sent(notifications: readonly PersonalNotification[]): void {
    if (this.#user !== undefined && notifications.length > 0)
      this.#people.witness.sent(this.#user, notifications, this.via);
  }
}
