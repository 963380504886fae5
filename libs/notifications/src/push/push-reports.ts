import { z } from 'zod';
import { DomainError, type PushReport } from '#clarion/protocol';
import type { Acknowledgements } from '../people/acknowledgements.js';
import type { Via } from '../people/delivery-witness.js';
import type { InboxActs } from '../people/inbox-acts.js';
import type { Person } from '../people/person.js';
import type { Actions } from './actions.js';
import type { PushStore, TicketHolder } from './push-store.js';

/** How receipts name what came by a push. */
export const PUSH_TRANSPORT = 'push';

const offersSchema = z.object({ actions: z.array(z.object({ id: z.string() })).default([]) });

/**
 * What devices say of what was pushed to them. A ticket stands for its person as far as this one notification goes, also when the token is over by
 * which the device came: it was given to nobody else.
 */
export class PushReports {
  readonly #store: Pick<PushStore, 'ticket'>;
  readonly #acknowledgements: Pick<Acknowledgements, 'ack'>;
  readonly #inbox: Pick<InboxActs, 'mark'>;
  readonly #actions: Pick<Actions, 'choose'>;

  constructor(
    store: Pick<PushStore, 'ticket'>,
    acknowledgements: Pick<Acknowledgements, 'ack'>,
    inbox: Pick<InboxActs, 'mark'>,
    actions: Pick<Actions, 'choose'>,
  ) {
    this.#store = store;
    this.#acknowledgements = acknowledgements;
    this.#inbox = inbox;
    this.#actions = actions;
  }

  /**
   * Resolves when it is on disk: `shown` acknowledges, `opened` and `acted` mark as read, too. Again: nothing changes.
   * @throws {DomainError} `ticket.unknown`, also when its notification is no longer kept; `action.unknown`; `notification.over` for a choice
   * that comes too late.
   */
  async report({ ticket, event, action }: PushReport): Promise<void> {
    const at = Date.now();
    const holder = await this.#store.ticket(ticket);
    if (holder === undefined) throw new DomainError('ticket.unknown');
    if (action !== undefined) assertOffered(holder, action);
    try {
      await this.#note(holder, at, event, action);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'notification.unknown')
        throw new DomainError('ticket.unknown');
      throw error;
    }
  }

  async #note(
    { user, device, entry: { id } }: TicketHolder,
    at: number,
    event: string,
    action: string | undefined,
  ): Promise<void> {
    const person: Person = { user, historyFrom: () => 0 };
    const via: Via = { transport: PUSH_TRANSPORT, device };
    await this.#acknowledgements.ack(person, [id], via, at);
    if (event === 'shown') return;
    if (action !== undefined) await this.#actions.choose(person, { id, action }, via);
    await this.#inbox.mark(person, { state: 'read', ids: [id] });
  }
}

function assertOffered({ entry: { kind, body } }: TicketHolder, action: string): void {
  if (kind === 'retracted') throw new DomainError('notification.over');
  const { actions } = offersSchema.parse(JSON.parse(`{${body}}`));
  if (!actions.some(({ id }) => id === action)) throw new DomainError('action.unknown', action);
}
