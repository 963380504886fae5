import type { Access, Principal } from '#clarion/access';
import type { Actions } from '../push/actions.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { Via } from './delivery-witness.js';
import type { Inbox } from './inbox.js';
import type { FollowedTopic, InboxActs } from './inbox-acts.js';
import type { PeopleCommands, PersonalCommand } from './people-commands.js';
import { personOf, type Person } from './person.js';
import type { Preferences } from './preferences-service.js';

/** What REST has under `/v1/me`, for clients that keep a connection: the same services, asked by commands. */
export class PersonalCommands implements PeopleCommands {
  readonly #access: Access;
  readonly #inbox: Inbox;
  readonly #acts: InboxActs;
  readonly #acknowledgements: Acknowledgements;
  readonly #actions: Actions;
  readonly #preferences: Preferences;

  constructor(
    access: Access,
    inbox: Inbox,
    acts: InboxActs,
    acknowledgements: Acknowledgements,
    actions: Actions,
    preferences: Preferences,
  ) {
    this.#access = access;
    this.#inbox = inbox;
    this.#acts = acts;
    this.#acknowledgements = acknowledgements;
    this.#actions = actions;
    this.#preferences = preferences;
  }

  async handle(who: Principal, command: PersonalCommand, via: Via): Promise<unknown> {
    const person = personOf(who, this.#access);
    switch (command.op) {
      case 'inbox':
        return this.#page(person, command);
      case 'summary':
        return this.#inbox.summary(person);
      case 'mark':
        return this.#acts.mark(person, command);
      case 'ack':
        return { acked: await this.#acknowledgements.ack(person, command.ids, via) };
      case 'choose':
        return this.#actions.choose(person, { id: command.notification, action: command.action }, via);
      case 'follow':
        return this.#acts.follow(person, command.topic);
      case 'unfollow':
        return this.#acts.unfollow(person, command.topic);
      case 'follows':
        return followList(await this.#acts.follows(person));
      case 'preferences':
        return command.set === undefined ? this.#preferences.get(person) : this.#preferences.set(person, command.set);
    }
  }

  async #page(person: Person, command: Extract<PersonalCommand, { op: 'inbox' }>): Promise<unknown> {
    const { items, nextPage } = await this.#inbox.page(person, command);
    return { items: items.map((json): unknown => JSON.parse(json)), ...(nextPage !== undefined && { nextPage }) };
  }
}

/** As the wire has it. */
export function followList(follows: readonly FollowedTopic[]): { follows: { topic: string; since: string }[] } {
  return { follows: follows.map(({ topic, since }) => ({ topic, since: new Date(since).toISOString() })) };
}
