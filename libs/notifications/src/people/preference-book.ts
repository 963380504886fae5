import { userTopic, type Cause } from '#clarion/protocol';
import type { CategoryBook } from './category-book.js';
import { decide, type Question, type Withheld } from './decisions.js';
import type { HiddenPeople } from './hidden-people.js';
import type { LiveRules } from './live-rules.js';
import { PreferenceLoads } from './preference-loads.js';
import { NO_PREFERENCES, type StoredPreferences } from './preferences.js';
import { RecentPreferences } from './recent-preferences.js';
import type { PeopleStore } from './people-store.js';

/** People who are not connected, and were asked for lately. */
const MAX_OTHERS = 10_000;
/** When what could not be read anew is tried again. */
const RETRY_MS = 1_000;

/** Somebody who is connected. */
interface HeldPerson {
  readonly user: string;
  readonly ownTopic: string;
  holds: number;
  /** Undefined: not read yet. */
  preferences: StoredPreferences | undefined;
  /** Whether they may withhold something that has no category. */
  mayWithhold: boolean;
  /** Reads that were begun, and the latest that has come: what an earlier one says then is old. */
  begun: number;
  adopted: number;
  loading: Promise<void> | undefined;
  retry: NodeJS.Timeout | undefined;
}

/** What can be asked of a person's preferences: all but them and the category itself. */
export type PersonalQuestion = Pick<Question, 'channel' | 'event' | 'topic' | 'now'> & { readonly category?: string };

/** Undefined: it reaches them. */
export type PersonalJudge = (question: PersonalQuestion) => Withheld | undefined;

/**
 * The preferences of all who are connected, in memory, and of some others who were asked for lately. While nobody has ever chosen anything, nothing is
 * read at all.
 */
export class PreferenceBook implements LiveRules, HiddenPeople {
  readonly #store: Pick<PeopleStore, 'havePreferences'>;
  readonly #loads: PreferenceLoads;
  readonly #categories: CategoryBook;
  readonly #onError: (error: unknown) => void;
  readonly #held = new Map<string, HeldPerson>();
  readonly #others: RecentPreferences;
  readonly #listeners = new Set<(user: string) => void>();
  #anybody = true;
  #revision = 0;
  #isClosed = false;

  /**
   * @param onError told when the preferences of somebody connected could not be read anew: those until then hold, and it is tried again.
   * @param maxOthers how many people are remembered who are not connected.
   */
  constructor(
    store: Pick<PeopleStore, 'preferencesOf' | 'havePreferences'>,
    categories: CategoryBook,
    onError: (error: unknown) => void,
    maxOthers = MAX_OTHERS,
  ) {
    this.#store = store;
    this.#loads = new PreferenceLoads(store);
    this.#categories = categories;
    this.#onError = onError;
    this.#others = new RecentPreferences(maxOthers);
  }

  /** The log is open. */
  async open(): Promise<void> {
    this.#anybody = await this.#store.havePreferences();
  }

  /** Tries nothing again: the store closes. */
  close(): void {
    this.#isClosed = true;
    for (const { retry } of this.#held.values()) clearTimeout(retry);
  }

  hold(user: string): Promise<void> | undefined {
    const person = this.#held.get(user) ?? this.#admit(user);
    person.holds++;
    if (person.preferences !== undefined) return undefined;
    person.loading ??= this.#renew(person);
    return person.loading;
  }

  release(user: string): void {
    const person = this.#held.get(user);
    if (person === undefined || --person.holds > 0) return;
    this.#held.delete(user);
    clearTimeout(person.retry);
    if (person.preferences !== undefined && person.begun === person.adopted)
      this.#others.remember(user, person.preferences);
  }

  /** Of those who are not connected, what is remembered is forgotten. To be told of everybody who chose, or was erased, on any node. */
  changed(user: string): void {
    this.#anybody = true;
    this.#others.forget(user);
    const person = this.#held.get(user);
    if (person !== undefined) this.#renew(person).catch((error: unknown) => this.#tryAgain(person, error));
  }

  /** Calls `listener` when somebody connected may want something else than before. @returns how to stop. */
  onChanged(listener: (user: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  withheld(
    user: string,
    event: { readonly category?: string; readonly urgent?: true },
    topic: string,
    now: number,
  ): Cause | undefined {
    const person = this.#held.get(user);
    const preferences = person?.preferences ?? this.#inMemory(user);
    if (preferences === undefined) throw new Error('preferences are asked for that are not held');
    const isOwn = topic === (person?.ownTopic ?? userTopic(user));
    const category = this.#categories.get(event.category);
    return decide({ channel: 'live', event, topic, isOwn, preferences, category, now })?.cause;
  }

  mayWithhold(user: string): boolean {
    return this.#held.get(user)?.mayWithhold ?? true;
  }

  get revision(): number {
    return this.#revision;
  }

  /** From memory; somebody of whom nothing is known there is not shown. */
  isHidden(user: string): boolean {
    const known = this.#inMemory(user);
    return known === undefined || known.presence === 'hidden';
  }

  /** Reads them if need be: also when somebody has chosen, and what is in memory is of before. */
  async preferencesOf(user: string): Promise<StoredPreferences> {
    const held = this.#held.get(user);
    if (held?.preferences !== undefined && held.adopted < held.begun) return this.refresh(user);
    const known = this.#inMemory(user);
    if (known !== undefined) return known;
    const forgotten = this.#others.forgotten;
    const loaded = await this.#loads.load(user);
    // Somebody has chosen meanwhile, maybe this one: what was read may be old.
    if (forgotten === this.#others.forgotten) this.#others.remember(user, loaded);
    return loaded;
  }

  /** What {@link decide} says of somebody, connected or not, by their preferences of now. */
  async judgeOf(user: string): Promise<PersonalJudge> {
    const preferences = await this.preferencesOf(user);
    return ({ category, ...question }) =>
      decide({
        ...question,
        isOwn: question.topic === userTopic(user),
        preferences,
        category: this.#categories.get(category),
      });
  }

  /** The categories that do not come to this person's inbox. */
  async hiddenCategories(user: string): Promise<string[]> {
    const preferences = await this.preferencesOf(user);
    const isHidden = (id: string) =>
      decide({ ...IN_THE_INBOX, preferences, category: this.#categories.get(id) }) !== undefined;
    return this.#categories
      .list()
      .map(({ id }) => id)
      .filter(isHidden);
  }

  /** The topics by which nothing comes to this person. */
  async mutedTopics(user: string): Promise<string[]> {
    return Object.keys((await this.preferencesOf(user)).mutedTopics);
  }

  /** Reads them anew: all that was on disk when this was called holds before it resolves. */
  async refresh(user: string): Promise<StoredPreferences> {
    this.#anybody = true;
    this.#others.forget(user);
    const person = this.#held.get(user);
    if (person === undefined) return this.preferencesOf(user);
    try {
      await this.#renew(person);
      return person.preferences ?? NO_PREFERENCES;
    } catch (error) {
      this.#tryAgain(person, error);
      throw error;
    }
  }

  #admit(user: string): HeldPerson {
    const person: HeldPerson = {
      user,
      ownTopic: userTopic(user),
      holds: 0,
      preferences: undefined,
      mayWithhold: true,
      begun: 0,
      adopted: 0,
      loading: undefined,
      retry: undefined,
    };
    const known = this.#inMemory(user);
    if (known !== undefined) this.#adopt(person, known);
    this.#held.set(user, person);
    return person;
  }

  async #renew(person: HeldPerson): Promise<void> {
    const turn = ++person.begun;
    try {
      const loaded = await this.#loads.load(person.user);
      if (turn <= person.adopted) return;
      person.adopted = turn;
      this.#adopt(person, loaded);
    } finally {
      person.loading = undefined;
    }
    for (const listener of this.#listeners) listener(person.user);
  }

  #adopt(person: HeldPerson, preferences: StoredPreferences): void {
    const mayWithhold =
      preferences.quietHours !== null ||
      preferences.doNotDisturbUntil !== null ||
      Object.keys(preferences.mutedTopics).length > 0;
    if (mayWithhold !== person.mayWithhold) this.#revision++;
    person.mayWithhold = mayWithhold;
    person.preferences = preferences;
  }

  #tryAgain(person: HeldPerson, error: unknown): void {
    if (this.#isClosed) return;
    this.#onError(error);
    clearTimeout(person.retry);
    person.retry = setTimeout(() => {
      if (this.#held.get(person.user) === person) this.changed(person.user);
    }, RETRY_MS).unref();
  }

  #inMemory(user: string): StoredPreferences | undefined {
    if (!this.#anybody) return NO_PREFERENCES;
    return this.#held.get(user)?.preferences ?? this.#others.recall(user);
  }
}

/** By a topic that nobody can have muted. */
const IN_THE_INBOX = { channel: 'inbox', event: {}, topic: '', isOwn: false, now: 0 } as const;
