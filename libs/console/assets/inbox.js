import { Refusal } from './api.js';
import { Choices } from './choices.js';
import { Me } from './me.js';
import { asWanted } from './preferences.js';
import { Rereading } from './rereading.js';
import { SocketIoFeed } from './socketio-feed.js';
import { StartingPlace } from './starting-place.js';
import { Tokens } from './tokens.js';

/** @typedef {import('./api.js').Problem} Problem */
/** @typedef {import('./me.js').Item} Item */
/** @typedef {import('./me.js').Filter} Filter */
/** @typedef {import('./me.js').Mark} Mark */
/** @typedef {{ change: string, mark?: Mark, chosen?: { id: string, action: string }, device?: { id: string, removed?: 'asked' | 'gone' } }} Change */

/**
 * What others are told of besides.
 * @typedef {object} News
 * @property {() => void} live
 * @property {(notification: import('./feed.js').Notification) => void} arrived
 * @property {(id: string) => void} retracted
 * @property {(change: Change) => void} changed The person did something, on whatever device.
 */

/** @typedef {'items' | 'summary' | 'follows' | 'preferences' | 'categories'} Part */

/** Items of one page, and the most that are listed. */
const PAGE = 20;
const MAX_LISTED = 200;
/** Requests that one reading of the list may take: pages may be short. */
const MAX_REQUESTS = 20;
const OWN_TOPIC = 'users/me';
/** Topics that are heard live beside one's own: a session has at most a hundred. */
const MAX_HEARD = 99;
/** How often that is read again which time alone changes, in milliseconds: what was snoozed comes back, what is over goes. */
const MINUTE_MS = 60_000;
/** When it comes back to a server that has no room, if that did not say, in milliseconds. */
const RETURN_AFTER_MS = 10_000;

/** @type {readonly Part[]} */
const ALL = ['items', 'summary', 'follows', 'preferences', 'categories'];

/**
 * The inbox of one person. Its own connection says that something has changed, for all of their devices alike; what it is now the server is
 * asked, at most four times a second: what arrives need not be in the inbox (muted there, collapsed into another, not followed), and only
 * the server knows.
 */
export class Inbox {
  #changed;
  #news;
  /** @type {Tokens | undefined} */
  #tokens;
  /** @type {Me | undefined} */
  #me;
  /** @type {SocketIoFeed | undefined} */
  #feed;
  #topics = [OWN_TOPIC];
  /** @type {Set<string>} */
  #acked = new Set();
  #choices = new Choices();
  /** Categories that were met. @type {Set<string>} */
  #asked = new Set();
  /** @type {Rereading<Part>} */
  #rereading = new Rereading((parts) => this.#read(parts));
  #watched = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #returning;
  person = '';
  /** @type {import('./feed.js').FeedState} */
  state = 'closed';
  /** @type {Filter} */
  filter = 'inbox';
  #wanted = PAGE;
  /** Nothing until they were read. @type {readonly Item[] | undefined} */
  items;
  more = false;
  /** @type {import('./me.js').Summary | undefined} */
  summary;
  /** @type {readonly import('./me.js').Follow[]} */
  follows = [];
  /** @type {import('./me.js').Preferences | undefined} */
  preferences;
  /** @type {readonly import('./me.js').Category[]} */
  categories = [];
  /** Why the last thing failed. @type {Problem | undefined} */
  problem;

  /** @param {() => void} changed Something that can be seen here is other than before. @param {News} news */
  constructor(changed, news) {
    this.#changed = changed;
    this.#news = news;
    setInterval(() => this.#minute(), MINUTE_MS);
  }

  /** @param {string} credential @param {string} person */
  start(credential, person) {
    this.stop();
    this.person = person;
    this.#topics = [OWN_TOPIC];
    this.#acked.clear();
    this.#choices.clear();
    const tokens = new Tokens(credential, person, [], (token) => this.#feed?.renew(token));
    this.#tokens = tokens;
    this.#me = new Me(tokens);
    const start = new StartingPlace();
    this.#feed = new SocketIoFeed({ tokens, topics: this.#topics, start, listener: this.#hear() }, 'inbox');
    this.#feed.open();
  }

  /** Whom to ask; nothing while nobody is there. */
  get me() {
    return this.#me;
  }

  stop() {
    clearTimeout(this.#returning);
    this.#feed?.close();
    this.#tokens?.close();
    this.#rereading.stop();
    this.#feed = this.#tokens = this.#me = undefined;
    this.items = this.summary = this.preferences = this.problem = undefined;
    this.follows = [];
    this.#wanted = PAGE;
    this.#changed();
  }

  /** Whether somebody looks at it: only then it is listed, and what is listed counts as seen. @param {boolean} watched */
  watch(watched) {
    this.#watched = watched;
    if (watched && this.state === 'live') this.#rereading.want(ALL, true);
  }

  /** Nobody tells of the operator's categories: somebody is about to look at them. */
  refreshPreferences() {
    this.#rereading.want(['preferences', 'categories'], true);
  }

  /** @param {Filter} filter */
  show(filter) {
    this.filter = filter;
    this.#wanted = PAGE;
    this.items = undefined;
    this.#changed();
    this.#rereading.want(['items'], true);
  }

  showMore() {
    this.#wanted = Math.min(this.#wanted + PAGE, MAX_LISTED);
    this.#rereading.want(['items'], true);
  }

  /**
   * @param {Mark} mark
   * @returns {Promise<boolean>} Whether it is done; if not, `problem` says why. So for all that follow.
   */
  mark(mark) {
    return this.#act(['items', 'summary'], (me) => me.mark(mark));
  }

  /** One of its actions, and so it is read. @param {string} id @param {string} action */
  choose(id, action) {
    return this.#act(['items', 'summary'], async (me) => {
      await me.choose(id, action);
      await me.mark({ state: 'read', ids: [id] });
    });
  }

  /** It was shown to the person outside of this page. @param {readonly string[]} ids */
  acknowledge(ids) {
    return this.#act([], (me) => me.ack(ids));
  }

  /** All that is listed or older; what arrives meanwhile is not meant. */
  async markAllRead() {
    const newest = this.items?.[0]?.notification.cursor;
    return newest !== undefined && this.mark({ state: 'read', upTo: newest });
  }

  /** @param {string} topic */
  follow(topic) {
    return this.#act(['follows'], (me) => me.follow(topic));
  }

  /** @param {string} topic */
  unfollow(topic) {
    return this.#act(['follows'], (me) => me.unfollow(topic));
  }

  /**
   * Changes some of the preferences, as they are now.
   * @param {(now: import('./me.js').WantedPreferences) => Partial<import('./me.js').WantedPreferences>} revise
   */
  prefer(revise) {
    return this.#act(['preferences'], async (me) => {
      const now = asWanted(await me.preferences(), this.categories);
      await this.#readPreferences(me, me.prefer({ ...now, ...revise(now) }));
    });
  }

  /** @param {readonly Part[]} parts What it changes. @param {(me: Me) => Promise<unknown>} act */
  async #act(parts, act) {
    const me = this.#me;
    if (me === undefined) return false;
    try {
      await act(me);
      this.problem = undefined;
    } catch (failure) {
      this.problem = problemOf(failure);
    }
    this.#rereading.want(parts, true);
    this.#changed();
    return this.problem === undefined;
  }

  /** @returns {import('./feed.js').FeedListener} */
  #hear() {
    return {
      state: (state, problem) => this.#setState(state, problem),
      notification: (notification) => {
        if (!notification.ephemeral) this.#rereading.want(['items', 'summary']);
        this.#news.arrived(notification);
      },
      other: (kind, data) => this.#hearOther(kind, data),
      gap: () => this.#rereading.want(ALL),
      cursor: () => undefined,
      bye: ({ use, retryAfterMs = RETURN_AFTER_MS }) => {
        if (use !== undefined) this.#stayAway(retryAfterMs);
      },
      transport: () => undefined,
      requested: () => undefined,
      received: () => undefined,
    };
  }

  /** @param {import('./feed.js').OtherKind} kind @param {unknown} data */
  #hearOther(kind, data) {
    if (kind === 'summary') return this.#count(/** @type {import('./me.js').Summary} */ (data));
    if (kind === 'retracted') this.#news.retracted(/** @type {{ id: string }} */ (data).id);
    if (kind !== 'inbox') return this.#rereading.want(['items', 'summary']);
    const what = /** @type {Change} */ (data);
    const { change, chosen } = what;
    this.#news.changed(what);
    if (chosen !== undefined) this.#choices.note(chosen);
    if (change === 'followed' || change === 'unfollowed') this.#rereading.want(['follows', 'items', 'summary']);
    else if (change === 'preferences') this.#rereading.want(['preferences', 'items', 'summary']);
    else if (change !== 'device') this.#rereading.want(['items']);
  }

  /** An answer that was on its way may be older than this: it is asked for once more. @param {import('./me.js').Summary} summary */
  #count(summary) {
    this.summary = summary;
    if (this.#rereading.running) this.#rereading.want(['summary']);
    this.#changed();
  }

  /** @param {import('./feed.js').FeedState} state @param {Problem} [problem] */
  #setState(state, problem) {
    this.state = state;
    this.problem = problem;
    if (state === 'live') {
      this.#rereading.want(ALL, true);
      this.#news.live();
    }
    if (problem?.code === 'topic.forbidden' && this.#topics.length > 1) this.#withoutFollows();
    this.#changed();
  }

  /** The server has no room for connections that stay, and said when to ask again. @param {number} forMs */
  #stayAway(forMs) {
    const feed = this.#feed;
    feed?.close();
    this.#setState('reconnecting');
    this.#returning = setTimeout(() => feed?.open(), forMs);
  }

  /** A right was lost while it was away: back with the own topic, then with what is still granted. */
  #withoutFollows() {
    this.#topics.length = 1;
    this.#feed?.open();
  }

  #minute() {
    if (this.state === 'live' && !document.hidden) this.#rereading.want(['items', 'summary']);
  }

  // --- reading ---

  /** @param {ReadonlySet<Part>} parts */
  async #read(parts) {
    const me = this.#me;
    if (me === undefined) return;
    const outcomes = await Promise.allSettled([
      parts.has('summary') && this.#readSummary(me),
      parts.has('items') && this.#watched && this.#readItems(me),
      parts.has('follows') && this.#readFollows(me),
      parts.has('preferences') && this.#readPreferences(me),
      parts.has('categories') && this.#readCategories(me),
    ]);
    if (me !== this.#me) return;
    for (const outcome of outcomes) if (outcome.status === 'rejected') this.problem = problemOf(outcome.reason);
    this.#changed();
  }

  /** @param {Me} me */
  async #readSummary(me) {
    const summary = await me.summary();
    if (me === this.#me) this.summary = summary;
  }

  /** @param {Me} me */
  async #readPreferences(me, answer = me.preferences()) {
    const preferences = await answer;
    if (me === this.#me) this.preferences = preferences;
  }

  /** @param {Me} me */
  async #readCategories(me) {
    const { categories } = await me.categories();
    if (me === this.#me) this.categories = categories;
  }

  /** All that is listed is read again. @param {Me} me */
  async #readItems(me) {
    const { filter } = this;
    /** @type {Item[]} */
    const items = [];
    /** @type {string | undefined} */
    let page;
    for (let requests = 0; requests < MAX_REQUESTS; requests++) {
      const answer = await me.inbox(filter, Math.min(100, this.#wanted - items.length), page);
      items.push(...answer.items);
      page = answer.nextPage;
      if (page === undefined || items.length >= this.#wanted) break;
    }
    if (me !== this.#me || filter !== this.filter) return;
    if (items.some((item) => this.#isNew(item))) await this.#readCategories(me);
    this.items = items.map((item) => this.#choices.addTo(item));
    this.more = page !== undefined && items.length < MAX_LISTED;
    void this.#shown(me, items);
  }

  /** Of a category that was declared since they were read, or was deleted: those are asked for once. @param {Item} item */
  #isNew({ notification: { category } }) {
    if (category === undefined || this.#asked.has(category)) return false;
    this.#asked.add(category);
    return !this.categories.some(({ id }) => id === category);
  }

  /** Publishers may learn that it was shown, and other devices that nothing is new any more. @param {Me} me @param {readonly Item[]} items */
  async #shown(me, items) {
    if (!this.#watched || document.hidden || this.filter !== 'inbox') return;
    const ids = items.map(({ notification }) => notification.id).filter((id) => !this.#acked.has(id));
    const newest = items.find(({ seenAt, readAt }) => seenAt === undefined && readAt === undefined);
    try {
      if (ids.length > 0) await me.ack(ids);
      for (const id of ids) this.#acked.add(id);
      if (newest !== undefined) await me.mark({ state: 'seen', upTo: newest.notification.cursor });
    } catch (failure) {
      // One was taken back meanwhile, say: the next reading tells again.
      console.info('What was shown could not be told yet.', failure);
    }
  }

  /** @param {Me} me */
  async #readFollows(me) {
    const { follows } = await me.follows();
    if (me !== this.#me) return;
    this.follows = follows;
    await this.#listenTo(follows.slice(0, MAX_HEARD).map(({ topic }) => topic));
  }

  /** @param {readonly string[]} wanted */
  async #listenTo(wanted) {
    const added = wanted.filter((topic) => !this.#topics.includes(topic));
    const dropped = this.#topics.slice(1).filter((topic) => !wanted.includes(topic));
    if (added.length > 0) {
      await this.#subscribe(added);
      // What came since they were followed, and before they were heard.
      this.#rereading.want(['items', 'summary']);
    }
    if (dropped.length === 0) return;
    await this.#feed?.change('unsubscribe', dropped);
    this.#topics.splice(0, this.#topics.length, ...this.#topics.filter((topic) => !dropped.includes(topic)));
  }

  /** What is followed and not granted is not in the inbox either: it is left out. @param {readonly string[]} topics */
  async #subscribe(topics) {
    await this.#tokens?.widen(topics).catch((/** @type {unknown} */ failure) => {
      if (!(failure instanceof Refusal)) throw failure;
    });
    if ((await this.#feed?.change('subscribe', topics)) === undefined) this.#topics.push(...topics);
    else if (topics.length > 1) for (const topic of topics) await this.#subscribe([topic]);
  }
}

/** @param {unknown} failure @returns {Problem} */
function problemOf(failure) {
  if (failure instanceof Refusal) return failure.problem;
  return { status: 0, title: 'Nobody answers', code: 'unknown' };
}
