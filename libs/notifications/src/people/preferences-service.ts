import {
  CHANNELS,
  DomainError,
  OWN_TOPIC,
  userTopic,
  type Category,
  type Channel,
  type InputError,
  type Preferences as ShownPreferences,
  type Topic,
  type WantedPreferences,
} from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import type { NotificationLog } from '../notification-log.js';
import type { CategoryBook } from './category-book.js';
import type { Person } from './person.js';
import type { PreferenceBook } from './preference-book.js';
import { preferencesAsTold, type CategoryChoice, type StoredPreferences } from './preferences.js';

/** What people choose: shown to them, and changed by them. */
export class Preferences {
  readonly #log: Pick<NotificationLog, 'act'>;
  readonly #book: Pick<PreferenceBook, 'preferencesOf' | 'refresh'>;
  readonly #categories: CategoryBook;

  constructor(
    log: Pick<NotificationLog, 'act'>,
    book: Pick<PreferenceBook, 'preferencesOf' | 'refresh'>,
    categories: CategoryBook,
  ) {
    this.#log = log;
    this.#book = book;
    this.#categories = categories;
  }

  /** What holds of what they have chosen: nothing of categories that were deleted, or of channels that were locked since. */
  async get({ user }: Pick<Person, 'user'>): Promise<ShownPreferences> {
    return this.#shown(await this.#book.preferencesOf(user));
  }

  /**
   * Replaces all of them, and tells the person's devices, unless they are the same. Resolves when they are on disk, and hold on this node.
   * @throws {DomainError} `category.unknown`, `category.locked`, with a pointer to each choice that cannot be made; as {@link NotificationLog.act}.
   */
  async set({ user }: Pick<Person, 'user'>, wanted: WantedPreferences): Promise<ShownPreferences> {
    this.#assertMayChoose(wanted.categories);
    const at = Date.now();
    await this.#log.act({
      kind: 'preferences',
      user,
      at,
      body: `"change":"preferences","at":"${isoTime(at)}"`,
      wanted: { ...wanted, mutedTopics: wanted.mutedTopics.map((topic) => named(topic, user)) },
    });
    return this.#shown(await this.#book.refresh(user));
  }

  #assertMayChoose(choices: WantedPreferences['categories']): void {
    const ids = Object.keys(choices);
    refuse(
      'category.unknown',
      ids.filter((id) => this.#categories.get(id) === undefined).map((id) => `/categories/${id}`),
    );
    refuse(
      'category.locked',
      ids.flatMap((id) =>
        CHANNELS.filter((channel) => this.#isIdle(id, channel, choices[id]?.[channel])).map(
          (channel) => `/categories/${id}/${channel}`,
        ),
      ),
    );
  }

  /** Whether a choice is of no effect, since the operator's holds. */
  #isIdle(id: string, channel: Channel, choice: boolean | undefined): boolean {
    const category = this.#categories.get(id);
    return choice !== undefined && category !== undefined && !isFree(category, channel, choice);
  }

  #shown(stored: StoredPreferences): ShownPreferences {
    const categories = Object.entries(stored.categories).flatMap(([id, choice]) => this.#shownChoice(id, choice));
    return { ...preferencesAsTold(stored), categories: Object.fromEntries(categories) };
  }

  #shownChoice(id: string, choice: CategoryChoice): [string, ShownPreferences['categories'][string]][] {
    const category = this.#categories.get(id);
    if (category === undefined) return [];
    const holding = CHANNELS.flatMap((channel): [Channel, boolean][] => {
      const chosen = choice[channel];
      return chosen !== undefined && isFree(category, channel, chosen) ? [[channel, chosen]] : [];
    });
    if (holding.length === 0) return [];
    return [[id, { ...Object.fromEntries(holding), since: isoTime(choice.since) }]];
  }
}

/** Of a locked channel one may say what holds anyway. */
function isFree({ locked, defaults }: Category, channel: Channel, choice: boolean): boolean {
  return !locked.includes(channel) || choice === defaults[channel];
}

const DETAILS = {
  'category.unknown': 'no such category',
  'category.locked': 'here the operator’s choice holds',
} as const;

function refuse(code: keyof typeof DETAILS, pointers: readonly string[]): void {
  if (pointers.length === 0) return;
  const errors: InputError[] = pointers.slice(0, MAX_ERRORS).map((pointer) => ({ pointer, detail: DETAILS[code] }));
  throw new DomainError(code, undefined, errors);
}

/** An answer to bad input stays small. */
const MAX_ERRORS = 20;

/** The person's own topic, by whichever name. */
function named(topic: Topic, user: string): Topic {
  return topic === OWN_TOPIC ? userTopic(user) : topic;
}
