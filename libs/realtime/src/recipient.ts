import type { Principal } from '#clarion/access';
import type { PersonalNotification, Via } from '#clarion/notifications';
import { EARLIEST, matches, userTopic, type Topic } from '#clarion/protocol';
import type { Want } from './gateway.js';
import type { Interest } from './interest.js';
import type { LogEvent } from './log-event.js';
import { isPersonal, type Run } from './outlet.js';
import { userOf } from './people.js';
import type { SessionContext } from './session-context.js';

type RecipientContext = Pick<SessionContext, 'people' | 'summaries'>;

/** A person who reads by one connection, as far as others must know of it; of API keys and anonymous readers there is nothing to know. */
export class Recipient {
  readonly #context: RecipientContext;
  readonly #user: string | undefined;
  readonly #transport: string;
  readonly #device: string | undefined;
  #holds = false;

  constructor(context: RecipientContext, who: Principal, transport: string, device?: string) {
    this.#context = context;
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
    return this.#context.people.rules.hold(this.#user);
  }

  /** Idempotent. */
  end(): void {
    if (this.#holds && this.#user !== undefined) this.#context.people.rules.release(this.#user);
    this.#holds = false;
  }

  /** The reader's place was found. What lies before it was received, if it is a place that the client has brought. */
  foundAt(offset: number, since: Want['since'], { selectors }: Interest): void {
    if (this.#user === undefined || since === undefined || since === EARLIEST) return;
    const reads = (topic: string): boolean => selectors.some((selector) => matches(selector, topic as Topic));
    this.#context.people.witness.cameBack(this.#user, offset, this.via, reads);
  }

  /** All of the run was written. */
  wrote<F>(run: Run<F>): void {
    if (run.isPersonal && this.#user !== undefined) this.#sent(run.naming(userTopic(this.#user)));
  }

  /** These events are in an answer, in log order. */
  answered(events: readonly LogEvent[]): void {
    if (this.#user === undefined) return;
    const own = userTopic(this.#user);
    this.#sent(events.filter(isPersonal).filter((event) => event.names(own)));
  }

  /** This was not told to them live. If it names them and they have not muted it altogether it may be in their inbox, and nothing else says that there is more. */
  withheld(event: LogEvent, topic: Topic): void {
    if (this.#user === undefined || !event.isOptional || !event.names(userTopic(this.#user))) return;
    const cause = this.#context.people.rules.withheld(this.#user, event, topic, Date.now());
    if (cause !== undefined && cause !== 'muted.topic') this.inboxChanged();
  }

  /** They are to hear how much of their inbox is new. */
  inboxChanged(): void {
    if (this.#user !== undefined) this.#context.summaries?.changed(this.#user);
  }

  #sent(notifications: readonly PersonalNotification[]): void {
    if (this.#user !== undefined && notifications.length > 0)
      this.#context.people.witness.sent(this.#user, notifications, this.via);
  }
}
