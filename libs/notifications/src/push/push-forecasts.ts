import { z } from 'zod';
import type { Access } from '#clarion/access';
import type { EntryTraits, LogEntry } from '#clarion/event-bus';
import { CAUSES, PUSH_CAUSES, type PublishRequest, type PushCause } from '#clarion/protocol';
import { senderOf } from '../notification-body.js';
import type { CategoryBook } from '../people/category-book.js';
import { followedNow } from '../people/followed-now.js';
import type { PeopleStore, Standing } from '../people/people-store.js';
import type { PreferenceBook } from '../people/preference-book.js';
import { traitsOf } from '../traits.js';
import { personOfDevice } from './device-person.js';
import { decidePush, type NoPush } from './push-decision.js';
import { pushRuleOf } from './push-rules.js';
import type { PushSchedule } from './push-schedule.js';
import type { PushStore } from './push-store.js';

/** What would become of a push to a person: to so many devices, when it is due; or to none, and why. */
export type PushForecast =
  { readonly devices: number; readonly at: number } | { readonly devices: 0; readonly cause: PushCause };

/** A notification that was published, and how it stands with a person whom it concerns. */
export interface PushQuestion {
  readonly entry: LogEntry;
  readonly user: string;
  /** Those of its topics by which they have it. */
  readonly topics: readonly string[];
  readonly acked: boolean;
  readonly standing: Standing;
}

/** What is asked of the decisions. */
interface Supposed extends PushQuestion {
  readonly now: number;
}

const CAUSE_OF = {
  never: 'push.never',
  own: 'push.own',
  acked: 'push.acked',
  read: 'push.read',
  archived: 'push.archived',
  snoozed: 'push.snoozed',
  superseded: 'push.superseded',
  data: 'push.data',
} as const satisfies Partial<Record<NoPush, PushCause>>;

const shownSchema = z.object({ title: z.string().optional(), body: z.string().optional() });

/** Says what would be pushed to whom, by the decisions by which it is: for dry runs and explanations. */
export class PushForecasts {
  readonly #schedule: Pick<PushSchedule, 'judge'>;
  readonly #store: Pick<PushStore, 'devices'>;
  readonly #people: Pick<PeopleStore, 'follows'>;
  readonly #preferences: Pick<PreferenceBook, 'preferencesOf'>;
  readonly #categories: Pick<CategoryBook, 'get'>;
  readonly #access: Access;

  constructor(
    schedule: Pick<PushSchedule, 'judge'>,
    store: Pick<PushStore, 'devices'>,
    people: Pick<PeopleStore, 'follows'>,
    preferences: Pick<PreferenceBook, 'preferencesOf'>,
    categories: Pick<CategoryBook, 'get'>,
    access: Access,
  ) {
    this.#schedule = schedule;
    this.#store = store;
    this.#people = people;
    this.#preferences = preferences;
    this.#categories = categories;
    this.#access = access;
  }

  /** Of a draft that a service would publish now, and a person whom it names; judged as of when it would be due. */
  async ofDraft(draft: PublishRequest, audience: readonly string[], user: string, now: number): Promise<PushForecast> {
    const verdict = this.#schedule.judge(draft, audience, now);
    if ('refusal' in verdict) return { devices: 0, cause: verdict.refusal };
    const { dueAt } = verdict;
    const follows = await this.#people.follows(user);
    const traits: EntryTraits = traitsOf(draft, now);
    return this.#suppose(dueAt, {
      entry: { offset: Infinity, id: '', topics: [...audience], publishedAt: now, body: '"publishedAt":""', ...traits },
      user,
      topics: followedNow(audience, user, follows),
      acked: false,
      standing: {},
      now: dueAt,
    });
  }

  /** Why what was published is pushed to none of a person's devices, as it would be decided now; undefined: it would be. */
  async whyNot(question: PushQuestion): Promise<PushCause | undefined> {
    const { entry } = question;
    const { category, topics, publishedAt, kind } = entry;
    if (kind === 'retracted') return 'retracted';
    const shown = shownSchema.parse(JSON.parse(`{${entry.body}}`));
    const verdict = this.#schedule.judge(
      { ...shown, ...(category !== undefined && { category }) },
      topics,
      publishedAt,
    );
    if ('refusal' in verdict) return verdict.refusal;
    const forecast = await this.#suppose(verdict.dueAt, { ...question, now: Date.now() });
    return 'cause' in forecast ? forecast.cause : undefined;
  }

  async #suppose(at: number, { entry, user, topics, acked, standing, now }: Supposed): Promise<PushForecast> {
    const [all, preferences] = await Promise.all([this.#store.devices(user), this.#preferences.preferencesOf(user)]);
    const devices = all.filter(({ since }) => since < entry.offset);
    if (devices.length === 0) return { devices: 0, cause: 'device.none' };
    const due = {
      entry,
      category: this.#categories.get(entry.category),
      rule: pushRuleOf(this.#categories, entry.category),
      sender: senderOf(entry.body),
    };
    const candidate = { user, topics, preferences, acked, standing, devices };
    const decisions = decidePush(due, candidate, now, (device) => personOfDevice(device, this.#access));
    const refusals = decisions.flatMap((decision) => ('refusal' in decision ? [decision.refusal] : []));
    const [first] = refusals;
    if (first === undefined || refusals.length < decisions.length)
      return { devices: decisions.length - refusals.length, at };
    return { devices: 0, cause: causeOf(first) };
  }
}

/** The cause in words. */
export function wordsOf(cause: PushCause): string {
  const words: Readonly<Record<PushCause, string>> = { ...CAUSES, ...PUSH_CAUSES };
  return words[cause];
}

function causeOf(refusal: NoPush): PushCause {
  return isOfPushes(refusal) ? CAUSE_OF[refusal] : refusal;
}

function isOfPushes(refusal: NoPush): refusal is keyof typeof CAUSE_OF {
  return Object.hasOwn(CAUSE_OF, refusal);
}
