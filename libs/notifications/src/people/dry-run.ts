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
import type { Withheld } from './decisions.js';
import { followedNow } from './followed-now.js';
import type { PeopleStore } from './people-store.js';
import type { PreferenceBook } from './preference-book.js';
import type { OpenReach, Reach } from './reach.js';

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

  /** As delivery has it: by whichever of its topics somebody has it, or reads it, and has not withheld it. */
  async #recipient({ user, draft, audience, now, connections }: Question): Promise<Recipient> {
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
    const read = audience.filter((topic) => connections.some((one) => one.reads(topic)));
    const reading = connections.filter((one) => audience.some((topic) => one.reads(topic))).length;
    const isHeard = read.some((topic) => wish('live', topic) === undefined);
    const live = isHeard ? undefined : withheldOf([...followed, ...read].map((topic) => wish('live', topic)));
    const inbox = withheldOf(followed.map((topic) => wish('inbox', topic)));
    return {
      user,
      live: { ...this.#live(user, live, reading), connections: reading },
      inbox: draft.ephemeral === true ? { reaches: false } : said(inbox),
      push: pushed(push),
    };
  }

  #live(user: string, withheld: Withheld | undefined, connections: number): Recipient['inbox'] {
    if (withheld !== undefined || connections > 0) return said(withheld);
    const last = this.#reach.lastOf(user);
    return { reaches: false, cause: last === undefined ? 'connection.none' : 'connection.closed' };
  }
}

/** What is withheld by none of its topics reaches somebody. */
function withheldOf(wishes: readonly (Withheld | undefined)[]): Withheld | undefined {
  return wishes.includes(undefined) ? undefined : wishes[0];
}

function said(withheld: Withheld | undefined): Recipient['inbox'] {
  return withheld === undefined ? { reaches: true } : { reaches: false, cause: withheld.cause };
}

function pushed(forecast: PushForecast): Recipient['push'] {
  if ('cause' in forecast) return { reaches: false, cause: forecast.cause, devices: 0 };
  return { reaches: true, devices: forecast.devices, at: isoTime(forecast.at) };
}
