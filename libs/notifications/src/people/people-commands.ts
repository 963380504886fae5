import type { Principal } from '#clarion/access';
import { DomainError, type ClientCommand } from '#clarion/protocol';
import type { Via } from './delivery-witness.js';

/** The tokens by which these are provided to the whole application. */
export const PEOPLE_COMMANDS = Symbol('PeopleCommands');
export const SUMMARIES = Symbol('Summaries');

/** What somebody asks of their own inbox over a connection. */
export type PersonalCommand = Extract<
  ClientCommand,
  { op: 'inbox' | 'summary' | 'mark' | 'ack' | 'follow' | 'unfollow' | 'follows' | 'preferences' }
>;

export interface PeopleCommands {
  /**
   * @returns the answer, fit for JSON.
   * @throws {DomainError} for the client.
   */
  handle(who: Principal, command: PersonalCommand, via: Via): Promise<unknown>;
}

/** Of an application that keeps nothing of people. */
export const NO_COMMANDS: PeopleCommands = Object.freeze({
  handle: () => Promise.reject(new DomainError('route.unknown', 'nothing is kept of people here')),
});

/** How much of people's inboxes is new. */
export interface Summaries {
  /** JSON text of `inboxSummarySchema`. */
  of(user: string): Promise<string>;
}
