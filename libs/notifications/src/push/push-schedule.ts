import { userOfTopic, type PublishRequest, type PushCause } from '#clarion/protocol';
import type { CategoryBook } from '../people/category-book.js';
import type { PushAlarm } from './push-alarm.js';
import { pushRuleOf } from './push-rules.js';

/** What counts of a notification. */
export type Pushable = Pick<PublishRequest, 'ephemeral' | 'title' | 'body' | 'category'>;

/** When it is due, or why never. Milliseconds since 1970. */
export type PushVerdict =
  | { readonly dueAt: number }
  | { readonly refusal: Extract<PushCause, `push.${'unavailable' | 'ephemeral' | 'silent' | 'data' | 'never'}`> };

const REFUSED = {
  unavailable: { refusal: 'push.unavailable' },
  ephemeral: { refusal: 'push.ephemeral' },
  silent: { refusal: 'push.silent' },
  data: { refusal: 'push.data' },
  never: { refusal: 'push.never' },
} as const satisfies Record<string, PushVerdict>;

/** When what is published is to be pushed. To whom is decided then, not now: a publish costs one look here, whatever its audience. */
export class PushSchedule {
  readonly #categories: Pick<CategoryBook, 'get'>;
  readonly #alarm: Pick<PushAlarm, 'set'>;
  readonly #afterMs: number;
  readonly #canPush: boolean;

  /**
   * @param afterMs how long an acknowledgement is waited for where the category does not say.
   * @param canPush whether there is anything to push by.
   */
  constructor(categories: Pick<CategoryBook, 'get'>, alarm: Pick<PushAlarm, 'set'>, afterMs: number, canPush: boolean) {
    this.#categories = categories;
    this.#alarm = alarm;
    this.#afterMs = afterMs;
    this.#canPush = canPush;
  }

  /** Milliseconds since 1970; undefined: never, for one of the reasons of {@link judge}. */
  dueAt(draft: Pushable, audience: readonly string[], publishedAt: number): number | undefined {
    const verdict = this.judge(draft, audience, publishedAt);
    return 'dueAt' in verdict ? verdict.dueAt : undefined;
  }

  /**
   * Never due is what is ephemeral; what says nothing to people (neither title nor body); what has no category and names no person: it is data;
   * and what has a category that says `never`.
   */
  judge(draft: Pushable, audience: readonly string[], publishedAt: number): PushVerdict {
    if (!this.#canPush) return REFUSED.unavailable;
    if (draft.ephemeral === true) return REFUSED.ephemeral;
    if (draft.title === undefined && draft.body === undefined) return REFUSED.silent;
    if (draft.category === undefined && !audience.some(isPersonal)) return REFUSED.data;
    const { when, afterS } = pushRuleOf(this.#categories, draft.category);
    if (when === 'never') return REFUSED.never;
    if (when === 'always') return { dueAt: publishedAt };
    return { dueAt: publishedAt + (afterS === undefined ? this.#afterMs : afterS * 1_000) };
  }

  /** Something that is due then is on disk. */
  written(dueAt: number): void {
    this.#alarm.set(dueAt);
  }
}

function isPersonal(topic: string): boolean {
  return userOfTopic(topic) !== undefined;
}
