/** What became of attempts and of what was to be pushed. */
const OUTCOMES = ['sent', 'gone', 'shortened', 'later', 'parked', 'cancelled', 'aborted'] as const;
export type CountedOutcome = (typeof OUTCOMES)[number];

/** Reasons that are counted by name; what comes beyond is `other`: they come from channels. */
const MAX_REASONS = 64;

/** What this node counts of pushes, since its start. */
export class PushStats {
  readonly #outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<CountedOutcome, number>;
  readonly #decisions = new Map<string, number>([['pushed', 0]]);
  readonly #reasons = new Map<string, number>();
  /** As the store last said it: notifications that are due later and not decided; pushes that wait for their time or their turn. */
  waiting: { readonly due: number; readonly pushes: number } = { due: 0, pushes: 0 };
  /** Attempts that are under way. */
  inFlight = 0;

  /** One attempt, or one push that was given up. @param reason where it was not taken. */
  count(outcome: CountedOutcome, reason?: string, times = 1): void {
    this.#outcomes[outcome] += times;
    if (reason !== undefined) add(this.#reasons, reason, times);
  }

  /** What was decided for one device. @param decision `pushed`, or why not. */
  decided(decision: string): void {
    add(this.#decisions, decision, 1);
  }

  get outcomes(): Readonly<Record<CountedOutcome, number>> {
    return this.#outcomes;
  }

  get decisions(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#decisions);
  }

  /** Why pushes were not taken, were given up or are not wanted any more. */
  get reasons(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#reasons);
  }
}

function add(counts: Map<string, number>, name: string, times: number): void {
  const known = counts.has(name) || counts.size < MAX_REASONS ? name : 'other';
  counts.set(known, (counts.get(known) ?? 0) + times);
}
