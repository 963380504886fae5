import type { Principal } from '#clarion/access';
import {
  NOBODY_HIDES,
  NO_RULES,
  type DeliveryWitness,
  type HiddenPeople,
  type LastSeen,
  type LiveRules,
  type PeopleCommands,
  type Summaries,
} from '#clarion/notifications';
import { DomainError } from '#clarion/protocol';

/** What is known of people elsewhere, as delivery asks and tells it. */
export interface People {
  readonly rules: LiveRules;
  readonly witness: DeliveryWitness;
  readonly commands: PeopleCommands;
  readonly hidden: HiddenPeople;
  /** Undefined: nobody asks when people were last connected. */
  readonly lastSeen: Pick<LastSeen, 'note'> | undefined;
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
  hidden: NOBODY_HIDES,
  lastSeen: undefined,
  summaries: undefined,
});

/** The person who reads; undefined: an API key, or nobody in particular. */
export function userOf(who: Principal): string | undefined {
  return who.kind === 'subscriber' ? who.sub : undefined;
}
