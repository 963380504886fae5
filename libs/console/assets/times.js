const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** How long ago, in a few letters: `now`, `5 min`, `3 h`, `12 Nov`. @param {string} at */
export function ago(at) {
  const past = Date.now() - Date.parse(at);
  if (past < MINUTE_MS) return 'now';
  if (past < HOUR_MS) return `${Math.floor(past / MINUTE_MS)} min`;
  if (past < DAY_MS) return `${Math.floor(past / HOUR_MS)} h`;
  return DAY.format(new Date(at));
}

/** @param {string} at */
export function dayAndTime(at) {
  return FULL.format(new Date(at));
}

/** As `<input type="datetime-local">` wants it, in the time of this browser. @param {string} at */
export function asLocalInput(at) {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}

export function inAnHour() {
  return new Date(Date.now() + HOUR_MS).toISOString();
}

/** Nine o'clock of the day after so many, by the clock of this browser. @param {number} days */
export function morningIn(days) {
  const date = new Date();
  date.setDate(date.getDate() + days);
  date.setHours(9, 0, 0, 0);
  return date.toISOString();
}
