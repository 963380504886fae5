import type { Principal } from '#clarion/access';
import {
  NO_RULES,
  type DeliveryWitness,
  type LiveRules,
  type PeopleCommands,
  type Summaries,
} from '#clarion/notifications';
import { DomainError, type ClientCommand } from '#clarion/protocol';
import type { OpenSession } from './session-context.js';

/** Who is where, as far as clients may ask. */
export interface PresenceCommands {
  /** @throws {DomainError} for the client. */
  handle(session: OpenSession, command: Extract<ClientCommand, { op: 'presence' }>): Promise<unknown>;
}

/** What is known of people elsewhere, as delivery asks and tells it. */
export interface People {
  readonly rules: LiveRules;
  readonly witness: DeliveryWitness;
  readonly commands: PeopleCommands;
  readonly presence: PresenceCommands;
  /** Undefined: nobody is told how much of their inbox is new. */
  readonly summaries: Summaries | undefined;
}

/** What is told to nobody. */
export const NO_WITNESS: DeliveryWitness = Object.freeze({
  sent: () => undefined,
  cameBack: () => undefined,
  offered: () => undefined,
});

const NOTHING_TO_ASK = Object.freeze({
  handle: () => Promise.reject(new DomainError('route.unknown', 'nothing is kept of people here')),
});

/** Of an application that keeps nothing of people. */
export const NO_PEOPLE: People = Object.freeze({
  rules: NO_RULES,
  witness: NO_WITNESS,
  commands: NOTHING_TO_ASK,
  presence: NOTHING_TO_ASK,
  summaries: undefined,
});

/** The person who reads; undefined: an API key, or nobody in particular. */
export function userOf(who: Principal): string | undefined {
  return who.kind === 'subscriber' ? who.sub : undefined;
}
