/** @typedef {import('./me.js').Category} Category */
/** @typedef {import('./me.js').Channel} Channel */
/** @typedef {import('./me.js').Preferences} Preferences */
/** @typedef {import('./me.js').WantedPreferences} Wanted */
/** @typedef {import('./me.js').QuietHours} QuietHours */

/**
 * What holds for a person: their choice, if they may choose, else the operator's default.
 * @param {Category} category @param {Channel} channel @param {Preferences} preferences
 */
export function wants({ id, defaults, locked }, channel, preferences) {
  const choice = locked.includes(channel) ? undefined : preferences.categories[id]?.[channel];
  return choice ?? defaults[channel];
}

/**
 * Preferences as they are sent, of those that hold.
 * @param {Preferences} now @param {readonly Category[]} declared @returns {Wanted}
 */
export function asWanted(now, declared) {
  const { categories, mutedTopics, quietHours, doNotDisturbUntil, presence } = now;
  const isOver = doNotDisturbUntil !== null && Date.parse(doNotDisturbUntil) <= Date.now();
  return {
    categories: Object.fromEntries(
      declared
        .map((category) => [category.id, chosen(category, categories)])
        .filter(([, choice]) => Object.keys(choice ?? {}).length > 0),
    ),
    mutedTopics: mutedTopics.map(({ topic }) => topic),
    quietHours,
    doNotDisturbUntil: isOver ? null : doNotDisturbUntil,
    presence,
  };
}

/**
 * What a person chose of a category, of the channels in which they may choose.
 * @param {Category} category @param {Preferences['categories']} choices
 */
function chosen({ id, locked }, choices) {
  const { since: _since, ...choice } = choices[id] ?? { since: '' };
  const free = Object.entries(choice).filter(([channel]) => !locked.some((name) => name === channel));
  return Object.fromEntries(free);
}

/**
 * Whether this may pop up on the person's device: the server decides the same of what it pushes.
 * @param {import('./feed.js').Notification} notification
 * @param {{ person: string, preferences: Preferences | undefined, categories: readonly Category[] }} whose
 */
export function mayPopUp({ topic, category: id, priority, ephemeral, title, body, from }, whose) {
  const { person, preferences, categories } = whose;
  const saysNothing = title === undefined && body === undefined;
  if (preferences === undefined || ephemeral || saysNothing || from?.user === person) return false;
  if (preferences.mutedTopics.some((muted) => muted.topic === topic)) return false;
  const category = categories.find((declared) => declared.id === id);
  // What has no category and comes by another topic is data for programs.
  if (category === undefined && topic !== `users/${person}`) return false;
  if (category !== undefined && (category.push?.when === 'never' || !wants(category, 'push', preferences)))
    return false;
  return priority === 'urgent' || category?.locked.includes('push') === true || !isDisturbed(preferences);
}

/** @param {Preferences} preferences */
function isDisturbed({ doNotDisturbUntil, quietHours }) {
  if (doNotDisturbUntil !== null && Date.parse(doNotDisturbUntil) > Date.now()) return true;
  return quietHours !== null && isQuiet(quietHours);
}

/** By the clocks of their zone; hours that end before they begin end on the next day. @param {QuietHours} hours */
function isQuiet({ from, to, timeZone, days }) {
  const { day, time } = clockOf(timeZone);
  const begins = (/** @type {number} */ on) => days === undefined || days.includes(on);
  const yesterday = ((day + 5) % 7) + 1;
  if (from < to) return begins(day) && from <= time && time < to;
  return (begins(day) && from <= time) || (begins(yesterday) && time < to);
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The day (ISO 8601: 1 is Monday) and the time of now. @param {string} timeZone */
function clockOf(timeZone) {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit' });
  const parts = Object.fromEntries(format.formatToParts().map(({ type, value }) => [type, value]));
  return { day: DAYS.indexOf(parts['weekday'] ?? '') + 1, time: `${parts['hour']}:${parts['minute']}` };
}
