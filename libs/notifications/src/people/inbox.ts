import {
  DomainError,
  MAX_COUNT,
  OWN_TOPIC,
  userTopic,
  type Count,
  type InboxQuery,
  type InboxSummary,
  type Topic,
} from '#clarion/protocol';
import { renderNotification } from '../notification-body.js';
import type { NotificationLog } from '../notification-log.js';
import { isoTime } from '../iso-time.js';
import type { MarkValue } from './marks.js';
import type { Choice, PushStore } from '../push/push-store.js';
import type { InboxRow, InboxScope, InboxSource, PeopleStore } from './people-store.js';
import type { Person } from './person.js';
import type { PreferenceBook } from './preference-book.js';

/** How a body with actions has them; so does `data` with a member of that name, which costs a look in vain. */
const ACTIONS = '"actions":[';

/** One page of an inbox, each item as JSON text (`inboxItemSchema`); newest first. */
export interface InboxPage {
  readonly items: readonly string[];
  readonly nextPage?: string;
}

/**
 * What was published to a person, and to the topics that they follow, with what they have said of it. Found when it is asked for: a publish writes
 * nothing for those who follow its topic. What is shown goes by the rights and preferences of now.
 */
export class Inbox {
  readonly #log: NotificationLog;
  readonly #store: PeopleStore;
  readonly #choices: Pick<PushStore, 'choicesOf'>;
  readonly #preferences: Pick<PreferenceBook, 'hiddenCategories' | 'mutedTopics'>;

  constructor(
    log: NotificationLog,
    store: PeopleStore,
    choices: Pick<PushStore, 'choicesOf'>,
    preferences: Pick<PreferenceBook, 'hiddenCategories' | 'mutedTopics'>,
  ) {
    this.#log = log;
    this.#store = store;
    this.#choices = choices;
    this.#preferences = preferences;
  }

  /** @throws {DomainError} `query.invalid` for a page token that is not of this log. */
  async page(person: Person, { state = 'inbox', category, topic, limit, page }: InboxQuery): Promise<InboxPage> {
    const before = page === undefined ? undefined : this.#before(page);
    const scope = await this.scope(person, topic);
    const { rows, next } = await this.#store.inbox({
      ...scope,
      filter: state,
      limit,
      ...(category !== undefined && { category }),
      ...(before !== undefined && { before }),
    });
    const chosen = await this.#chosenOf(person.user, rows);
    return {
      items: rows.map((row) => this.#item(row, chosen, scope.now)),
      ...(next !== null && { nextPage: this.#log.pageTokenAt(next) }),
    };
  }

  async summary(person: Person): Promise<InboxSummary> {
    const { unseen, unread } = await this.#store.counts(await this.scope(person));
    return { unseen: countOf(unseen), unread: countOf(unread) };
  }

  /** Of what a person's inbox consists now. @param topic only what came by this one. */
  async scope({ user, historyFrom }: Person, topic?: string): Promise<InboxScope> {
    const [follows, hiddenCategories, muted] = await Promise.all([
      this.#store.follows(user),
      this.#preferences.hiddenCategories(user),
      this.#preferences.mutedTopics(user),
    ]);
    const [wanted, mutedTopics] = [topic === OWN_TOPIC ? userTopic(user) : topic, new Set(muted)];
    const isWanted = (name: string): boolean => !mutedTopics.has(name) && (wanted === undefined || name === wanted);
    const sources: InboxSource[] = [];
    if (isWanted(userTopic(user))) sources.push({ topic: userTopic(user), after: 0, upTo: null, publishedFrom: 0 });
    for (const { topic: name, from, to } of follows) {
      const publishedFrom = isWanted(name) ? historyFrom(name) : undefined;
      if (publishedFrom !== undefined) sources.push({ topic: name, after: from, upTo: to, publishedFrom });
    }
    return { user, sources, hiddenCategories, now: Date.now() };
  }

  #before(page: string): number {
    const offset = this.#log.locatePage(page);
    if (offset === undefined)
      throw new DomainError('query.invalid', undefined, [{ pointer: '/page', detail: 'not a page token of this log' }]);
    return offset;
  }

  /** One read for all of a page; none where nothing has actions. */
  async #chosenOf(user: string, rows: readonly InboxRow[]): Promise<readonly Choice[]> {
    const offering = rows.filter(({ entry }) => entry.body.includes(ACTIONS)).map(({ entry }) => entry.offset);
    return offering.length === 0 ? [] : this.#choices.choicesOf(user, offering);
  }

  #item({ entry, topic, standing }: InboxRow, chosen: readonly Choice[], now: number): string {
    // Topics were checked at the publisher's door.
    const json = renderNotification(entry, this.#log.cursorAt(entry.offset), topic as Topic);
    const { seen, read, archived, snoozed } = standing;
    const until = snoozed?.until ?? 0;
    const said = [stamp('seenAt', seen), stamp('readAt', read), stamp('archivedAt', archived)].join('');
    const snooze = until > now ? `,"snoozedUntil":"${isoTime(until)}"` : '';
    return `{"notification":${json}${said}${snooze}${listed(chosen.filter(({ offset }) => offset === entry.offset))}}`;
  }
}

function listed(chosen: readonly Choice[]): string {
  if (chosen.length === 0) return '';
  return `,"chosen":${JSON.stringify(chosen.map(({ action, at }) => ({ action, at: isoTime(at) })))}`;
}

function stamp(name: string, mark: MarkValue | undefined): string {
  return mark === undefined ? '' : `,"${name}":"${isoTime(mark.at)}"`;
}

function countOf(count: number): Count {
  return count > MAX_COUNT ? { count: MAX_COUNT, more: true } : { count };
}
