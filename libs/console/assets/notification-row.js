import { element } from './element.js';
import { milliseconds } from './latency.js';

/** @typedef {import('./feed.js').Notification} Notification */

/** Characters of a publisher's text that one row shows. */
const MAX_SHOWN = 1_000;

/** @typedef {'p' | 'pre' | 'span'} Box */

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/**
 * A notification as a list item. Whatever a publisher wrote enters as text, each piece in a box of its own direction.
 * @param {Notification} notification
 * @param {number | undefined} latencyMs Nothing of what was edited.
 * @param {boolean} caughtUp Published before this connection was there.
 */
export function notificationRow(notification, latencyMs, caughtUp) {
  const row = element('li', caughtUp ? 'row late' : 'row');
  row.dataset.id = notification.id;
  row.append(head(notification, latencyMs, caughtUp));
  if (notification.title !== undefined) row.append(foreign('p', 'title', notification.title));
  if (notification.body !== undefined) row.append(foreign('p', 'body', notification.body));
  if (notification.data !== undefined) row.append(foreign('pre', 'data', JSON.stringify(notification.data)));
  const link = safeLink(notification.url);
  if (link !== undefined) row.append(link);
  return row;
}

/** @param {Notification} notification @param {number | undefined} latencyMs @param {boolean} caughtUp */
function head(notification, latencyMs, caughtUp) {
  const line = element('div', 'head');
  line.append(time(notification.publishedAt), foreign('span', 'topic', notification.topic));
  if (notification.type !== undefined) line.append(foreign('span', 'tag', notification.type));
  if (notification.ephemeral) line.append(element('span', 'tag', 'ephemeral'));
  if (caughtUp) line.append(element('span', 'tag caught-up', 'caught up'));
  if (notification.updatedAt !== undefined) line.append(element('span', 'tag', 'edited'));
  if (latencyMs !== undefined) line.append(element('span', 'latency', milliseconds(latencyMs)));
  return line;
}

/** @param {string} publishedAt */
function time(publishedAt) {
  const at = new Date(publishedAt);
  const made = element('time', '', `${CLOCK.format(at)}.${String(at.getMilliseconds()).padStart(3, '0')}`);
  made.dateTime = publishedAt;
  return made;
}

/**
 * A publisher's words, as text, in a box of their own direction.
 * @param {Box} name @param {string} className @param {string} text
 */
export function foreign(name, className, text) {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} … (${text.length} characters)` : text;
  const made = element(name, className, shown);
  made.dir = 'auto';
  return made;
}

/**
 * Only http(s) and absolute paths of this server become links: `javascript:` and the like must not.
 * @param {string | undefined} url @param {string} [text] Absent: the address itself.
 */
export function safeLink(url, text = url) {
  if (
    text === undefined ||
    url === undefined ||
    !/^(?:https?:\/\/|\/(?![/\\]))/i.test(url) ||
    !URL.canParse(url, location.origin)
  )
    return undefined;
  const link = element('a', 'link', text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} …` : text);
  link.href = url;
  link.target = '_blank';
  link.rel = 'noopener noreferrer nofollow';
  return link;
}
