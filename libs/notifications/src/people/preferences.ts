import type { Channel, Preferences, QuietHours, Topic, WantedPreferences } from '#clarion/protocol';
import { canonicalJson } from '../canonical-json.js';
import { isoTime } from '../iso-time.js';

/** What a person has chosen for one category, and since when (milliseconds since 1970, as all times here). */
export type CategoryChoice = { readonly [C in Channel]?: boolean } & {
  readonly since: number;
  /** Since when it is so for `live`, where only another channel was chosen anew since. */
  readonly liveSince?: number;
};

/** Preferences as they are kept: plain JSON. */
export interface StoredPreferences {
  readonly categories: Readonly<Record<string, CategoryChoice>>;
  /** Topic → since when. */
  readonly mutedTopics: Readonly<Record<string, number>>;
  readonly quietHours: QuietHours | null;
  readonly doNotDisturbUntil: number | null;
  /** Since when these are so; absent: for ever. */
  readonly quietSince?: number;
  readonly doNotDisturbSince?: number;
  readonly presence: 'visible' | 'hidden';
}

/** Of those who have never chosen. */
export const NO_PREFERENCES: StoredPreferences = Object.freeze({
  categories: Object.freeze({}),
  mutedTopics: Object.freeze({}),
  quietHours: null,
  doNotDisturbUntil: null,
  presence: 'visible',
});

/** The wanted preferences, where what was so before keeps its `since`. The very object `before` when nothing differs. */
export function revisePreferences(
  before: StoredPreferences,
  { categories, mutedTopics, quietHours, doNotDisturbUntil, presence }: WantedPreferences,
  now: number,
): StoredPreferences {
  const until = doNotDisturbUntil === null ? null : Date.parse(doNotDisturbUntil);
  const revised: StoredPreferences = {
    categories: Object.fromEntries(
      Object.entries(categories)
        .filter(([, choice]) => Object.keys(choice).length > 0)
        .map(([id, choice]) => [id, sinceBefore(ownMember(before.categories, id), choice, now)]),
    ),
    mutedTopics: Object.fromEntries(mutedTopics.map((topic) => [topic, ownMember(before.mutedTopics, topic) ?? now])),
    quietHours,
    doNotDisturbUntil: until,
    ...(quietHours !== null && {
      quietSince: canonicalJson(quietHours) === canonicalJson(before.quietHours) ? (before.quietSince ?? now) : now,
    }),
    ...(until !== null && {
      doNotDisturbSince: until === before.doNotDisturbUntil ? (before.doNotDisturbSince ?? now) : now,
    }),
    presence,
  };
  return isSame(before, revised) ? before : revised;
}

/** As the wire has them. */
export function preferencesAsTold(stored: StoredPreferences): Preferences {
  const { categories, mutedTopics, quietHours, doNotDisturbUntil, presence } = stored;
  return {
    categories: Object.fromEntries(
      Object.entries(categories).map(([id, choice]) => [id, { ...chosenIn(choice), since: isoTime(choice.since) }]),
    ),
    // They were topics when they were muted.
    mutedTopics: Object.entries(mutedTopics).map(([topic, since]) => ({
      topic: topic as Topic,
      since: isoTime(since),
    })),
    quietHours,
    doNotDisturbUntil: doNotDisturbUntil === null ? null : isoTime(doNotDisturbUntil),
    presence,
  };
}

/** Since when what is chosen is so for `live`. */
export function liveSinceOf({ since, liveSince = since }: CategoryChoice): number {
  return liveSince;
}

/** Topics and categories may have names that every object knows, such as `constructor`. */
export function ownMember<T>(members: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function sinceBefore(
  before: CategoryChoice | undefined,
  choice: WantedPreferences['categories'][string],
  now: number,
): CategoryChoice {
  const { live, inbox, push } = choice;
  const isKept = before !== undefined && before.live === live && before.inbox === inbox && before.push === push;
  const since = isKept ? before.since : now;
  const liveSince = before !== undefined && before.live === live ? liveSinceOf(before) : since;
  return {
    ...chosenIn(choice),
    since,
    ...(live !== undefined && liveSince !== since && { liveSince }),
  };
}

function chosenIn({ live, inbox, push }: WantedPreferences['categories'][string]): { [C in Channel]?: boolean } {
  return {
    ...(live !== undefined && { live }),
    ...(inbox !== undefined && { inbox }),
    ...(push !== undefined && { push }),
  };
}

function isSame(one: StoredPreferences, other: StoredPreferences): boolean {
  return canonicalJson(one) === canonicalJson(other);
}
