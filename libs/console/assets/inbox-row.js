import { element } from './element.js';
import { foreign, safeLink } from './notification-row.js';
import { ago, dayAndTime, inAnHour, morningIn } from './times.js';

/** @typedef {import('./me.js').Item} Item */
/** @typedef {import('./me.js').Mark} Mark */

/**
 * What a press of a button does: the mark, what it is called when it is done, and how it is taken back, if it can be.
 * @typedef {{ mark: Mark, done: string, undo?: Mark }} Act
 *
 * @typedef {{ id: string, action: string, title: string }} Choice One of the actions of a notification.
 * @typedef {{ mark: (act: Act) => void, choose: (choice: Choice) => void }} Deeds
 */

const SNOOZES = /** @type {const} */ ([
  ['1 hour', inAnHour],
  ['Tomorrow', () => morningIn(1)],
  ['Next week', () => morningIn(7)],
]);

/**
 * One notification of the inbox as a list item. Whatever a publisher wrote enters as text, or as the address of a link that is http(s) or a path.
 * @param {Item} item
 * @param {{ title: (category: string) => string, own: string, deeds: Deeds }} context
 */
export function inboxRow(item, context) {
  const { notification } = item;
  const row = element('li', 'item');
  row.dataset.id = notification.id;
  row.dataset.unread = String(item.readAt === undefined);
  row.append(head(item, context), title(item, context));
  if (notification.body !== undefined) row.append(foreign('p', 'body', notification.body));
  if (notification.data !== undefined) row.append(foreign('pre', 'data', JSON.stringify(notification.data)));
  if (item.snoozedUntil !== undefined && Date.parse(item.snoozedUntil) > Date.now())
    row.append(element('p', 'hint', `Snoozed until ${dayAndTime(item.snoozedUntil)}`));
  if (notification.actions !== undefined) row.append(offers(item, context.deeds));
  row.append(...buttons(item, context.deeds.mark));
  return row;
}

/** @param {Item} item @param {{ title: (category: string) => string, own: string }} context */
function head({ notification, readAt }, context) {
  const { topic, category, priority, from, updatedAt, publishedAt } = notification;
  const line = element('div', 'head');
  if (readAt === undefined) line.append(element('span', 'visually-hidden', 'Unread.'));
  line.append(topic === context.own ? element('span', 'to-you', 'to you') : foreign('span', 'topic', topic));
  if (from !== undefined) line.append(foreign('span', 'from', `by ${from.user}`));
  if (category !== undefined) line.append(foreign('span', 'tag', context.title(category)));
  if (priority === 'urgent' || priority === 'high') line.append(element('span', 'tag pressing', priority));
  if (updatedAt !== undefined) line.append(element('span', 'tag', 'edited'));
  const time = element('time', 'when', ago(publishedAt));
  time.dateTime = publishedAt;
  time.title = dayAndTime(publishedAt);
  line.append(time);
  return line;
}

/** Who follows the link has read it. @param {Item} item @param {{ deeds: Deeds }} context */
function title({ notification, readAt }, { deeds }) {
  const { id, title: text = notification.type ?? 'Untitled', url } = notification;
  const link = safeLink(url, text);
  if (link === undefined) return foreign('p', 'title', text);
  const line = element('p', 'title');
  line.dir = 'auto';
  link.addEventListener('click', () => {
    if (readAt === undefined) deeds.mark(reading(id));
  });
  line.append(link);
  return line;
}

/**
 * What the publisher offers to choose, all of it; what leads somewhere is a link. What was chosen, on whatever device, says so.
 * @param {Item} item @param {Deeds} deeds
 */
function offers({ notification: { id, title: name, type, actions = [] }, chosen = [] }, { choose }) {
  const line = element('div', 'acts offers');
  line.setAttribute('role', 'group');
  line.setAttribute('aria-label', `Choose: ${(name ?? type ?? 'untitled').slice(0, 100)}`);
  for (const { id: action, title: text, url } of actions) {
    const isChosen = chosen.some((choice) => choice.action === action);
    const made = safeLink(url, text) ?? plainOffer(text);
    made.classList.add('offer');
    made.dir = 'auto';
    made.dataset.act = `offer ${action}`;
    made.dataset.chosen = String(isChosen);
    if (isChosen) made.append(element('span', 'visually-hidden', ' (chosen)'));
    if (!isChosen) made.addEventListener('click', () => choose({ id, action, title: text }));
    line.append(made);
  }
  return line;
}

/** @param {string} text */
function plainOffer(text) {
  const made = element('button', 'quiet', text);
  made.type = 'button';
  return made;
}

/** @param {Item} item @param {(act: Act) => void} act */
function buttons(item, act) {
  const { id, title: name = item.notification.type ?? 'untitled' } = item.notification;
  const line = element('div', 'acts');
  /** @param {string} word @param {() => Act} make */
  const add = (word, make) => line.append(button(word, name, () => act(make())));
  if (item.readAt === undefined) add('Read', () => reading(id));
  else add('Unread', () => ({ mark: undone('read', id), done: 'Marked unread', undo: reading(id).mark }));
  if (item.archivedAt === undefined) add('Archive', () => archiving(id));
  else add('Unarchive', () => ({ mark: undone('archived', id), done: 'Back in the inbox', undo: archiving(id).mark }));
  const { snoozedUntil: until } = item;
  if (until !== undefined && Date.parse(until) > Date.now()) {
    add('Wake', () => ({ mark: undone('snoozed', id), done: 'Back in the inbox', undo: snoozing(id, until).mark }));
    return [line];
  }
  const choices = snoozeChoices(id, name, act);
  line.append(snoozeButton(name, choices));
  return [line, choices];
}

/** @param {string} name @param {HTMLElement} choices */
function snoozeButton(name, choices) {
  const toggle = button('Snooze', name, () => {
    choices.hidden = !choices.hidden;
    toggle.setAttribute('aria-expanded', String(!choices.hidden));
    if (!choices.hidden) choices.querySelector('button')?.focus();
  });
  toggle.setAttribute('aria-expanded', 'false');
  return toggle;
}

/** @param {string} id @param {string} name @param {(act: Act) => void} act */
function snoozeChoices(id, name, act) {
  const choices = element('div', 'acts choices');
  choices.hidden = true;
  choices.setAttribute('role', 'group');
  choices.setAttribute('aria-label', 'Snooze until');
  for (const [word, until] of SNOOZES) choices.append(button(word, name, () => act(snoozing(id, until()))));
  return choices;
}

/** @param {string} word @param {string} of @param {() => void} press */
function button(word, of, press) {
  const made = element('button', 'quiet', word);
  made.type = 'button';
  made.dataset.act = word;
  made.setAttribute('aria-label', `${word}: ${of.slice(0, 100)}`);
  made.addEventListener('click', press);
  return made;
}

/** @param {string} id @returns {Act} */
function reading(id) {
  return { mark: { state: 'read', ids: [id] }, done: 'Marked read', undo: undone('read', id) };
}

/** @param {string} id @returns {Act} */
function archiving(id) {
  return { mark: { state: 'archived', ids: [id] }, done: 'Archived', undo: undone('archived', id) };
}

/** @param {string} id @param {string} until @returns {Act} */
function snoozing(id, until) {
  const done = `Snoozed until ${dayAndTime(until)}`;
  return { mark: { state: 'snoozed', ids: [id], until }, done, undo: undone('snoozed', id) };
}

/** @param {import('./me.js').MarkState} state @param {string} id @returns {Mark} */
function undone(state, id) {
  return { state, undo: true, ids: [id] };
}
