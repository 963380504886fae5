import type { Access, Subscriber } from '#clarion/access';
import type { Inbox } from './inbox.js';
import { personOf } from './person.js';

/** The token by which whoever delivers finds {@link Summaries}; without them nobody is told by itself how much is new. */
export const SUMMARIES = Symbol('Summaries');

/** How much of people's inboxes is new. */
export interface Summaries {
  /** JSON text of `inboxSummarySchema`, by the rights of this token. */
  of(who: Subscriber): Promise<string>;
}

/** By the inbox itself. */
export class InboxSummaries implements Summaries {
  readonly #inbox: Inbox;
  readonly #access: Access;

  constructor(inbox: Inbox, access: Access) {
    this.#inbox = inbox;
    this.#access = access;
  }

  async of(who: Subscriber): Promise<string> {
    return JSON.stringify(await this.#inbox.summary(personOf(who, this.#access)));
  }
}
