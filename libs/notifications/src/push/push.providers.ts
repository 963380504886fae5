import { Logger, type Provider } from '@nestjs/common';
import { Access } from '#clarion/access';
import { EVENT_BUS, type EventBus } from '#clarion/event-bus';
import { NotificationLog } from '../notification-log.js';
import type { NotificationsConfig } from '../notifications.config.js';
import { Acknowledgements } from '../people/acknowledgements.js';
import { CategoryBook } from '../people/category-book.js';
import { Inbox } from '../people/inbox.js';
import { InboxActs } from '../people/inbox-acts.js';
import { PEOPLE_STORE, type PeopleStore } from '../people/people-store.js';
import { PreferenceBook } from '../people/preference-book.js';
import { ReceiptNotes } from '../people/receipt-notes.js';
import { Actions } from './actions.js';
import { Devices } from './devices.js';
import { PushAlarm } from './push-alarm.js';
import { PUSH_CHANNEL, type PushChannel } from './push-channel.js';
import { PushExplanations } from './push-explanations.js';
import { PushForecasts } from './push-forecasts.js';
import { PushLoop } from './push-loop.js';
import { PushOutbox } from './push-outbox.js';
import { PushPlanner } from './push-planner.js';
import { PushReports } from './push-reports.js';
import { PushSchedule } from './push-schedule.js';
import { PushStats } from './push-stats.js';
import { PUSH_STORE, type PushStore } from './push-store.js';
import { Renewals } from './renewals.js';

/** Whoever reaches devices provides it to the whole application; what it needs of this module it may have, but for whoever publishes. */
const OPTIONAL_CHANNEL = { token: PUSH_CHANNEL, optional: true } as const;

type PushConfig = Pick<
  NotificationsConfig,
  'pushAfterS' | 'pushMaxAgeS' | 'pushConcurrency' | 'pushPerHost' | 'pushMaxAttempts'
>;

/** Devices, and what is pushed to them. Without a `PUSH_CHANNEL` devices are shown and removed, and nothing is pushed. */
export function pushProviders(config: PushConfig): Provider[] {
  return [
    PushAlarm,
    PushStats,
    {
      provide: PushSchedule,
      inject: [CategoryBook, PushAlarm, OPTIONAL_CHANNEL],
      useFactory: (categories: CategoryBook, alarm: PushAlarm, channel?: PushChannel) =>
        new PushSchedule(categories, alarm, config.pushAfterS * 1_000, channel !== undefined),
    },
    {
      provide: Devices,
      inject: [NotificationLog, PUSH_STORE, PreferenceBook, Access, OPTIONAL_CHANNEL],
      useFactory: (
        log: NotificationLog,
        store: PushStore,
        book: PreferenceBook,
        access: Access,
        channel?: PushChannel,
      ) => new Devices(log, store, book, access, channel),
    },
    {
      provide: Actions,
      inject: [NotificationLog, EVENT_BUS, ReceiptNotes],
      useFactory: (log: NotificationLog, bus: EventBus, notes: ReceiptNotes) => new Actions(log, bus, notes),
    },
    {
      provide: PushReports,
      inject: [PUSH_STORE, Acknowledgements, InboxActs, Actions],
      useFactory: (store: PushStore, acknowledgements: Acknowledgements, inbox: InboxActs, actions: Actions) =>
        new PushReports(store, acknowledgements, inbox, actions),
    },
    {
      provide: Renewals,
      inject: [NotificationLog, PUSH_STORE, Access, OPTIONAL_CHANNEL],
      useFactory: (log: NotificationLog, store: PushStore, access: Access, channel?: PushChannel) =>
        new Renewals(log, store, access, channel),
    },
    {
      provide: PushForecasts,
      inject: [PushSchedule, PUSH_STORE, PEOPLE_STORE, PreferenceBook, CategoryBook, Access],
      useFactory: (
        schedule: PushSchedule,
        store: PushStore,
        people: PeopleStore,
        book: PreferenceBook,
        categories: CategoryBook,
        access: Access,
      ) => new PushForecasts(schedule, store, people, book, categories, access),
    },
    { provide: PushExplanations, inject: [PUSH_STORE], useFactory: (store: PushStore) => new PushExplanations(store) },
    {
      provide: PushLoop,
      inject: [PUSH_STORE, Access, CategoryBook, Inbox, Devices, PushAlarm, PushStats, EVENT_BUS, OPTIONAL_CHANNEL],
      useFactory: (...parts: LoopParts) => loopOf(config, ...parts),
    },
  ];
}

/** What other modules may inject of them. */
export const pushExports = [Actions, Devices, PushExplanations, PushLoop, PushReports, PushStats, Renewals];

type LoopParts = [PushStore, Access, CategoryBook, Inbox, Devices, PushAlarm, PushStats, EventBus, PushChannel?];

/** @returns null where there is nothing to push by. */
function loopOf(
  config: PushConfig,
  ...[store, access, categories, inbox, devices, alarm, stats, bus, channel]: LoopParts
): PushLoop | null {
  if (channel === undefined) return null;
  const logger = new Logger(PushLoop.name);
  const onError = (error: unknown): void => logger.error(error);
  const outbox = new PushOutbox(
    store,
    channel,
    { concurrency: config.pushConcurrency, perHost: config.pushPerHost, maxAttempts: config.pushMaxAttempts },
    {
      access,
      unread: async (person) => (await inbox.summary(person)).unread.count,
      remove: ({ device }) => devices.gone(device),
      wake: (at) => alarm.set(at),
      onError,
    },
    stats,
  );
  const planner = new PushPlanner(store, access, categories, config.pushMaxAgeS * 1_000, stats);
  return new PushLoop(store, planner, outbox, alarm, bus, stats, onError);
}
