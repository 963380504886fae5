import { randomBytes } from 'node:crypto';
import type { Access } from '#clarion/access';
import { senderOf } from '../notification-body.js';
import type { CategoryBook } from '../people/category-book.js';
import { personOfDevice } from './device-person.js';
import { decidePush, refusalForAll, type DueNotification } from './push-decision.js';
import { pushRuleOf } from './push-rules.js';
import type { PushStats } from './push-stats.js';
import type { CandidatePage, DuePush, NewPush, PushStore } from './push-store.js';

/** Due notifications that take turns; of more those wait that came due last. */
const MAX_TURNS = 256;
/** Pages that are asked of the store at once. */
const PAGES_AT_ONCE = 8;
/** People of one page. */
const PAGE_PEOPLE = 200;
/** People whose take-backs are planned in one transaction. */
const TAKE_BACK_PEOPLE = 200;
const TICKET_BYTES = 16;

export type PlannerStore = Pick<PushStore, 'due' | 'candidates' | 'plan' | 'planTakeBacks'>;

/**
 * Decides to whose devices what is due is pushed: once for each notification and device, whatever happens, since decisions and how far they have
 * come are written together. What is due takes turns, one page of people each, so that a topic with many followers holds nobody else up.
 */
export class PushPlanner {
  readonly #store: PlannerStore;
  readonly #access: Access;
  readonly #categories: Pick<CategoryBook, 'get'>;
  readonly #maxAgeMs: number;
  readonly #stats: PushStats;
  #isStopped = false;

  /** @param maxAgeMs how long a push is tried. */
  constructor(
    store: PlannerStore,
    access: Access,
    categories: Pick<CategoryBook, 'get'>,
    maxAgeMs: number,
    stats: PushStats,
  ) {
    this.#store = store;
    this.#access = access;
    this.#categories = categories;
    this.#maxAgeMs = maxAgeMs;
    this.#stats = stats;
  }

  /**
   * Decides all that is due by now, and plans what is to be taken back. What fails is left for the next run, and holds up nothing else.
   * @param onPlanned told after each round, in which something may have been planned.
   * @throws what the store threw, after all else was done.
   */
  async run(onPlanned: () => void = () => undefined): Promise<void> {
    const failures = new Map<number, unknown>();
    for (;;) {
      const due = (await this.#store.due(Date.now(), MAX_TURNS)).filter(({ offset }) => !failures.has(offset));
      if (due.length === 0 || this.#isStopped) break;
      for (let from = 0; from < due.length; from += PAGES_AT_ONCE)
        await this.#turns(due.slice(from, from + PAGES_AT_ONCE), failures);
      onPlanned();
    }
    await this.#takeBack(onPlanned);
    for (const failure of failures.values()) throw failure;
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Read together, and planned one after the other: what is for the same person goes out in the order in which it was due. */
  async #turns(due: readonly DuePush[], failures: Map<number, unknown>): Promise<void> {
    const read = await Promise.allSettled(
      due.map(({ offset, mark }) => this.#store.candidates(offset, mark, PAGE_PEOPLE)),
    );
    for (const [i, one] of due.entries()) {
      try {
        const page = read[i]!;
        if (page.status === 'rejected') throw page.reason;
        await this.#plan(one, page.value);
      } catch (error) {
        failures.set(one.offset, error);
      }
    }
  }

  async #plan({ offset, mark, dueAt }: DuePush, page: CandidatePage): Promise<void> {
    const at = Date.now();
    // Of what was due long ago, when nothing could be pushed, nobody wants to be woken now.
    const { pushes, decisions, next } = at - dueAt > this.#maxAgeMs ? NOBODY : this.#decide(page, at);
    if (!(await this.#store.plan({ offset, from: mark, next, at, pushes }))) return;
    for (const decision of decisions) this.#stats.decided(decision);
  }

  #decide({ entry, candidates, next }: CandidatePage, at: number): Decided {
    if (entry === undefined) return NOBODY;
    const due: DueNotification = {
      entry,
      category: this.#categories.get(entry.category),
      rule: pushRuleOf(this.#categories, entry.category),
      sender: senderOf(entry.body),
    };
    // Nobody on any further page either.
    if (refusalForAll(due, at) !== undefined) return NOBODY;
    const until = Math.min(entry.expiresAt ?? Infinity, at + this.#maxAgeMs);
    const decided = candidates.flatMap((candidate) =>
      decidePush(due, candidate, at, (device) => personOfDevice(device, this.#access)),
    );
    return {
      next,
      decisions: decided.map((one) => ('topic' in one ? 'pushed' : one.refusal)),
      pushes: decided.flatMap((one): NewPush[] =>
        'topic' in one
          ? [{ user: one.device.user, device: one.device.id, topic: one.topic, ticket: newTicket(), until }]
          : [],
      ),
    };
  }

  async #takeBack(onPlanned: () => void): Promise<void> {
    let people: number;
    do {
      if (this.#isStopped) return;
      people = await this.#store.planTakeBacks(Date.now(), TAKE_BACK_PEOPLE);
      if (people > 0) onPlanned();
    } while (people === TAKE_BACK_PEOPLE);
  }
}

interface Decided {
  readonly next: CandidatePage['next'];
  readonly pushes: readonly NewPush[];
  readonly decisions: readonly string[];
}

const NOBODY: Decided = { next: null, pushes: [], decisions: [] };

function newTicket(): string {
  return randomBytes(TICKET_BYTES).toString('base64url');
}
