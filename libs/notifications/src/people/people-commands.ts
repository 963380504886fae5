import type { Principal } from '#clarion/access';
import type { ClientCommand } from '#clarion/protocol';
import type { Via } from './delivery-witness.js';

/** The token by which sessions find what carries out {@link PersonalCommand}s. */
export const PEOPLE_COMMANDS = Symbol('PeopleCommands');

/** What a client asks of its person's inbox and preferences rather than of its session. */
export type PersonalCommand = Extract<
  ClientCommand,
  { op: 'inbox' | 'summary' | 'mark' | 'ack' | 'choose' | 'follow' | 'unfollow' | 'follows' | 'preferences' }
>;

export interface PeopleCommands {
  /**
   * @returns what the client is answered, as JSON can say it.
   * @throws {DomainError} for the client; `right.missing` for an API key, `credentials.missing` for nobody.
   */
  handle(who: Principal, command: PersonalCommand, via: Via): Promise<unknown>;
}
