import { userOfTopic, type PublishRequest } from '#clarion/protocol';
import type { CategoryBook } from '../people/category-book.js';
import type { PushAlarm } from './push-alarm.js';
import { pushRuleOf } from './push-rules.js';

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

  /**
   * Milliseconds since 1970; undefined: never. That is for what is ephemeral; for what says nothing to people (neither title nor body); for what
   * has no category and names no person: it is data; and where the category says `never`.
   */
  dueAt(draft: PublishRequest, audience: readonly string[], publishedAt: number): number | undefined {
    if (!this.#canPush || draft.ephemeral === true) return undefined;
    if (draft.title === undefined && draft.body === undefined) return undefined;
    if (draft.category === undefined && !audience.some(isPersonal)) return undefined;
    const { when, afterS } = pushRuleOf(this.#categories, draft.category);
    if (when === 'never') return undefined;
    if (when === 'always') return publishedAt;
    return publishedAt + (afterS === undefined ? this.#afterMs : afterS * 1_000);
  }

  /** Something that is due then is on disk. */
  written(dueAt: number): void {
    this.#alarm.set(dueAt);
  }
}

function isPersonal(topic: string): boolean {
  return userOfTopic(topic) !== undefined;
}
