import type { Principal } from '#clarion/access';
import type { EntryTraits } from '#clarion/event-bus';
import {
  DomainError,
  userOfTopic,
  type Channel,
  type DryRun,
  type PublishRequest,
  type Topic,
} from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import type { Publisher } from '../publisher.js';
import type { PushForecast, PushForecasts } from '../push/push-forecasts.js';
import { traitsOf } from '../traits.js';
import { withheldByAll, type Withheld } from './decisions.js';
import { followedNow } from './followed-now.js';
import type { PeopleStore } from './people-store.js';
import type { PreferenceBook } from './preference-book.js';
import type { OpenReach, Reach } from './reach.js';
import { whereabouts } from './whereabouts.js';

type Recipient = DryRun['recipients'][number];

/** A draft and somebody whom it names. */
interface Question {
  readonly user: string;
  readonly draft: PublishRequest;
  readonly audience: readonly Topic[];
  readonly now: number;
  /** Of that person, open now. */
  readonly connections: readonly OpenReach[];
}

/** Says who would get a notification, and by what way, by the decisions that delivery makes; publishes nothing. */
export class DryRuns {
  readonly #publisher: Publisher;
  readonly #store: PeopleStore;
  readonly #preferences: Pick<PreferenceBook, 'judgeOf'>;
  readonly #forecasts: Pick<PushForecasts, 'ofDraft'>;
  readonly #reach: Reach;

  constructor(
    publisher: Publisher,
    store: PeopleStore,
    preferences: Pick<PreferenceBook, 'judgeOf'>,
    forecasts: Pick<PushForecasts, 'ofDraft'>,
    reach: Reach,
  ) {
    this.#publisher = publisher;
    this.#store = store;
    this.#preferences = preferences;
    this.#forecasts = forecasts;
    this.#reach = reach;
  }

  /** For API keys alone: it tells of people what they have chosen. @throws {DomainError} as `Publisher.admit`; `right.missing` for persons. */
  async run(who: Principal, draft: PublishRequest): Promise<DryRun> {
    if (who.kind !== 'key') throw new DomainError('right.missing', 'this needs an API key');
    const audience = this.#publisher.admit(who, draft);
    const now = Date.now();
    const users = audience.flatMap((topic) => userOfTopic(topic) ?? []);
    const connections = await this.#reach.connectionsOf(users);
    const topics = audience.filter((topic) => userOfTopic(topic) === undefined);
    return {
      recipients: await Promise.all(
        users.map((user) => this.#recipient({ user, draft, audience, now, connections: connections.get(user) ?? [] })),
      ),
      topics: await Promise.all(topics.map((topic) => this.#topic(topic))),
    };
  }

  async #topic(topic: string): Promise<DryRun['topics'][number]> {
    return { topic, connections: this.#reach.readers(topic), followers: await this.#store.followers(topic) };
  }

  /** As delivery has it: live by whichever of its topics somebody reads, in the inbox by whichever they follow, and by none that they withhold. */
  async #recipient(question: Question): Promise<Recipient> {
    const { user, draft, audience, now } = question;
    const [judge, push, follows] = await Promise.all([
      this.#preferences.judgeOf(user),
      this.#forecasts.ofDraft(draft, audience, user, now),
      this.#store.follows(user),
    ]);
    const { category, urgent }: EntryTraits = traitsOf(draft, now);
    const event = { ...(urgent === true && { urgent }) };
    const wish = (channel: Channel, topic: Topic): Withheld | undefined =>
      judge({ channel, event, topic, now, ...(category !== undefined && { category }) });
    const followed = followedNow(audience, user, follows);
    const { read, reading } = readBy(question);
    const live = withheldByAll((read.length > 0 ? read : followed).map((topic) => wish('live', topic)));
    const inbox = withheldByAll(followed.map((topic) => wish('inbox', topic)));
    return {
      user,
      live: { ...this.#live(question, live, reading), connections: reading },
      inbox: draft.ephemeral === true ? { reaches: false } : said(inbox),
      push: pushed(push),
    };
  }

  #live(question: Question, withheld: Withheld | undefined, reading: number): Recipient['inbox'] {
    if (withheld !== undefined || reading > 0) return said(withheld);
    const { user, audience, now, connections } = question;
    const { cause } = whereabouts({ user, topics: audience, publishedAt: now }, connections, this.#reach);
    return { reaches: false, cause };
  }
}

/** Those of its topics that some connection reads, and how many do. */
function readBy({ draft, audience, now, connections }: Question): { read: readonly Topic[]; reading: number } {
  const hearing = connections.filter(({ hearsEphemeral }) => draft.ephemeral !== true || hearsEphemeral);
  const reads = (one: OpenReach, topic: Topic): boolean => one.readsAfter(topic, now) < Infinity;
  return {
    read: audience.filter((topic) => hearing.some((one) => reads(one, topic))),
    reading: hearing.filter((one) => audience.some((topic) => reads(one, topic))).length,
  };
}

function said(withheld: Withheld | undefined): Recipient['inbox'] {
  return withheld === undefined ? { reaches: true } : { reaches: false, cause: withheld.cause };
}

function pushed(forecast: PushForecast): Recipient['push'] {
  if ('cause' in forecast) return { reaches: false, cause: forecast.cause, devices: 0 };
  return { reaches: true, devices: forecast.devices, at: isoTime(forecast.at) };
}
