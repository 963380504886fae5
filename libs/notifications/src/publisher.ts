import type { Access, Limits, Principal } from '#clarion/access';
import { principalId } from '#clarion/access';
import type { EventBus } from '#clarion/event-bus';
import { audienceOf, DomainError, type Cursor, type PublishRequest, type Topic } from '#clarion/protocol';
import { fingerprint, serialiseBody } from './notification-body.js';
import { NotificationIds } from './notification-id.js';
import type { NotificationLog } from './notification-log.js';
import type { CategoryBook } from './people/category-book.js';
import type { PushSchedule } from './push/push-schedule.js';
import type { AppendResult, IdempotencyClaim, NewEntry } from './store.js';
import { Timestamps } from './timestamps.js';
import { traitsOf } from './traits.js';

/** The answer to a publish. `cursor` is absent for ephemeral notifications; `replayed`: this is the first answer to the same key. */
export interface Published {
  readonly id: string;
  readonly cursor?: Cursor;
  readonly replayed: boolean;
}

/** One for all: of each refusal a trace of its own would be half of what it costs. */
const OVERLOADED = new DomainError('overloaded', 'too many publishes are waiting', undefined, { retryAfterMs: 1_000 });

/** Takes notifications from whoever may publish them. Inject it to publish from within a Nest application. */
export class Publisher {
  readonly #log: NotificationLog;
  readonly #bus: EventBus;
  readonly #access: Access;
  readonly #limits: Pick<Limits, 'takePublish'>;
  readonly #categories: Pick<CategoryBook, 'assertDeclared'>;
  readonly #push: Pick<PushSchedule, 'dueAt' | 'written'>;
  readonly #idempotencyMs: number;
  readonly #ids = new NotificationIds();
  readonly #times = new Timestamps();
  readonly #drained: (() => void)[] = [];
  #inFlight = 0;
  #turnedAway = 0;
  #draining = false;

  /** @param idempotencyMs how long an idempotency key is remembered. */
  constructor(
    log: NotificationLog,
    bus: EventBus,
    access: Access,
    limits: Pick<Limits, 'takePublish'>,
    categories: Pick<CategoryBook, 'assertDeclared'>,
    push: Pick<PushSchedule, 'dueAt' | 'written'>,
    idempotencyMs: number,
  ) {
    this.#log = log;
    this.#bus = bus;
    this.#access = access;
    this.#limits = limits;
    this.#categories = categories;
    this.#push = push;
    this.#idempotencyMs = idempotencyMs;
  }

  /**
   * Durable notifications resolve when they are on disk; calls made in one turn get positions in the order of the calls.
   * Ephemeral ones resolve when the bus has them.
   * @throws {DomainError} `rate.limited`, `topic.forbidden`, `credentials.missing`, `category.unknown`, `idempotency.mismatch`,
   * `overloaded`, `draining`.
   */
  async publish(who: Principal, draft: PublishRequest, idempotencyKey = draft.idempotencyKey): Promise<Published> {
    const topics = this.admit(who, draft);
    this.#inFlight++;
    try {
      return await (draft.ephemeral === true
        ? this.#relay(who, draft, topics, idempotencyKey)
        : this.#append(who, draft, topics, idempotencyKey));
    } finally {
      if (--this.#inFlight === 0) for (const resolve of this.#drained.splice(0)) resolve();
    }
  }

  /**
   * What {@link publish} asks before it publishes; it counts as one for the rate.
   * @returns the audience. @throws {DomainError} as {@link publish}, but for the log's own.
   */
  admit(who: Principal, draft: PublishRequest): Topic[] {
    if (this.#draining) throw new DomainError('draining');
    this.#limits.takePublish(who);
    const topics = audienceOf(draft);
    this.#access.assertPublish(who, topics);
    if (draft.category !== undefined) this.#categories.assertDeclared(draft.category, '/category');
    return topics;
  }

  /**
   * What to say of publishes that come now, before they are read: more are waiting than are answered in useful time. Undefined: they are
   * welcome. Doors that cannot hold back their clients ask this first; {@link publish} takes what they let pass.
   */
  turnAway(): DomainError | undefined {
    if (!this.#log.isLate) return undefined;
    this.#turnedAway++;
    return OVERLOADED;
  }

  /** How often {@link turnAway} did since the start. */
  get turnedAway(): number {
    return this.#turnedAway;
  }

  /** Refuses new publishes and resolves when those accepted are answered. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  async #append(who: Principal, draft: PublishRequest, topics: Topic[], key: string | undefined): Promise<Published> {
    const publishedAt = Date.now();
    const pushAt = this.#push.dueAt(draft, topics, publishedAt);
    const result = await this.#log.append({
      id: this.#ids.next(publishedAt),
      entry: this.#entryOf(who, draft, topics, publishedAt),
      ...this.#claim(who, draft, key, publishedAt),
      ...(pushAt !== undefined && { pushAt }),
    });
    if (pushAt !== undefined) this.#push.written(pushAt);
    return this.#answer(result);
  }

  async #relay(who: Principal, draft: PublishRequest, topics: Topic[], key: string | undefined): Promise<Published> {
    const publishedAt = Date.now();
    const id = this.#ids.next(publishedAt);
    if (key !== undefined) {
      const answer = this.#answer(
        await this.#log.append({ id, entry: null, ...this.#claim(who, draft, key, publishedAt) }),
      );
      if (answer.replayed) return answer;
    }
    await this.#bus.publish({ kind: 'ephemeral', entry: { id, ...this.#entryOf(who, draft, topics, publishedAt) } });
    return { id, replayed: false };
  }

  #entryOf(who: Principal, draft: PublishRequest, topics: Topic[], publishedAt: number): NewEntry {
    const body = serialiseBody(draft, this.#times.of(publishedAt), {
      ...(who.kind === 'subscriber' && { from: who.sub }),
      ...(draft.ttl !== undefined && { expiresAt: new Date(publishedAt + draft.ttl * 1_000).toISOString() }),
    });
    return { topics, publishedAt, body, ...traitsOf(draft, publishedAt), ...collapseKeyOf(who, draft) };
  }

  #claim(
    who: Principal,
    draft: PublishRequest,
    key: string | undefined,
    now: number,
  ): { idempotency?: IdempotencyClaim } {
    if (key === undefined) return {};
    return {
      idempotency: {
        scope: principalId(who),
        key,
        fingerprint: fingerprint(draft),
        expiresAt: now + this.#idempotencyMs,
      },
    };
  }

  #answer(result: AppendResult): Published {
    if (result.outcome === 'mismatch') throw new DomainError('idempotency.mismatch');
    if (result.outcome === 'acted' || result.outcome === 'refused') throw new Error('a publish is no act');
    const { id, offset, outcome } = result;
    return { id, ...(offset !== null && { cursor: this.#log.cursorAt(offset) }), replayed: outcome === 'replayed' };
  }
}

/** Of services there is one space of keys; a person replaces nothing but their own. */
function collapseKeyOf(who: Principal, { collapseKey }: PublishRequest): Pick<NewEntry, 'collapseKey'> {
  if (collapseKey === undefined) return {};
  return { collapseKey: who.kind === 'subscriber' ? `${who.sub}\n${collapseKey}` : collapseKey };
}
