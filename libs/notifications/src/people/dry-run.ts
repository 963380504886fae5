import type { Principal } from '#clarion/access';
import type { EntryTraits } from '#clarion/event-bus';
import {
  DomainError,
  userOfTopic,
  userTopic,
  type Channel,
  type DryRun,
  type PublishRequest,
  type Topic,
} from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import type { Publisher } from '../publisher.js';
import type { PushForecast, PushForecasts } from '../push/push-forecasts.js';
import { traitsOf } from '../traits.js';
import type { Withheld } from './decisions.js';
import type { PeopleStore } from './people-store.js';
import type { PreferenceBook } from './preference-book.js';
import type { Reach } from './reach.js';

type Recipient = DryRun['recipients'][number];

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
    const topics = audience.filter((topic) => userOfTopic(topic) === undefined);
    return {
      recipients: await Promise.all(users.map((user) => this.#recipient(user, draft, audience, now))),
      topics: await Promise.all(topics.map((topic) => this.#topic(topic))),
    };
  }

  async #topic(topic: string): Promise<DryRun['topics'][number]> {
    return { topic, connections: this.#reach.readers(topic), followers: await this.#store.followers(topic) };
  }

  async #recipient(user: string, draft: PublishRequest, audience: readonly Topic[], now: number): Promise<Recipient> {
    const [judge, push] = await Promise.all([
      this.#preferences.judgeOf(user),
      this.#forecasts.ofDraft(draft, audience, user, now),
    ]);
    const { category, urgent }: EntryTraits = traitsOf(draft, now);
    const event = { ...(urgent === true && { urgent }) };
    const decide = (channel: Channel): Withheld | undefined =>
      judge({ channel, event, topic: userTopic(user), now, ...(category !== undefined && { category }) });
    const connections = this.#reach.readers(userTopic(user));
    const inbox = draft.ephemeral === true ? { reaches: false } : said(decide('inbox'));
    return {
      user,
      live: { ...this.#live(user, decide('live'), connections), connections },
      inbox,
      push: pushed(push),
    };
  }

  #live(user: string, withheld: Withheld | undefined, connections: number): Recipient['inbox'] {
    if (withheld !== undefined || connections > 0) return said(withheld);
    const last = this.#reach.lastOf(user);
    return { reaches: false, cause: last === undefined ? 'connection.none' : 'connection.closed' };
  }
}

function said(withheld: Withheld | undefined): Recipient['inbox'] {
  return withheld === undefined ? { reaches: true } : { reaches: false, cause: withheld.cause };
}

function pushed(forecast: PushForecast): Recipient['push'] {
  if ('cause' in forecast) return { reaches: false, cause: forecast.cause, devices: 0 };
  return { reaches: true, devices: forecast.devices, at: isoTime(forecast.at) };
}
