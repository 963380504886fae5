import { NO_RULES, type LiveRules } from '#clarion/notifications';
import type { Topic } from '#clarion/protocol';
import type { LogEvent } from './log-event.js';

/** Decides for live events, memory and log alike what of all that a reader may see it is to hear now. */
export class Screen {
  readonly #rules: LiveRules;

  constructor(rules: LiveRules) {
    this.#rules = rules;
  }

  /** Grows whenever {@link mayWithhold} may say something else than before. */
  get revision(): number {
    return this.#rules.revision;
  }

  /** Whether {@link passes} may be false for what has neither an end nor a category. A look-up of the person. */
  mayWithhold(user: string | undefined): boolean {
    return user !== undefined && this.#rules.mayWithhold(user);
  }

  /**
   * Costs a comparison for what has neither an end nor a category, and a look-up of the person.
   * @param user who reads; undefined: nobody who could have chosen. Precondition: their rules are held.
   */
  passes(event: LogEvent, topic: Topic, user: string | undefined): boolean {
    if (event.expiresAt !== undefined && event.isOver(Date.now())) return false;
    if (user === undefined || !event.isOptional) return true;
    if (event.category === undefined && !this.#rules.mayWithhold(user)) return true;
    return this.#rules.withheld(user, event, topic, Date.now()) === undefined;
  }
}

/** Of readers who have chosen nothing. */
export const OPEN = new Screen(NO_RULES);
