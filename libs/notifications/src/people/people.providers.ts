import { Logger, type Provider } from '@nestjs/common';
import { Access, Limits } from '#clarion/access';
import { EVENT_BUS, type EventBus } from '#clarion/event-bus';
import { NotificationLog } from '../notification-log.js';
import { Publisher } from '../publisher.js';
import { Actions } from '../push/actions.js';
import { PushExplanations } from '../push/push-explanations.js';
import { PushForecasts } from '../push/push-forecasts.js';
import { PushLoop } from '../push/push-loop.js';
import { PUSH_STORE, type PushStore } from '../push/push-store.js';
import { AckWaits } from './ack-waits.js';
import { Acknowledgements } from './acknowledgements.js';
import { Amendments } from './amendments.js';
import { DELIVERY_WITNESS } from './delivery-witness.js';
import { DryRuns } from './dry-run.js';
import { Erasure } from './erasure.js';
import { Explanations } from './explanations.js';
import { Inbox } from './inbox.js';
import { InboxActs } from './inbox-acts.js';
import { LastSeen } from './last-seen.js';
import { ManagedNotifications } from './managed.js';
import { PEOPLE_COMMANDS } from './people-commands.js';
import { PEOPLE_STORE, type PeopleStore } from './people-store.js';
import { PersonalCommands } from './personal-commands.js';
import { PreferenceBook } from './preference-book.js';
import { Preferences } from './preferences-service.js';
import { NOBODY_REACHED, REACH, type Reach } from './reach.js';
import { ReceiptNotes } from './receipt-notes.js';
import { Receipts } from './receipts.js';
import { InboxSummaries, SUMMARIES } from './summaries.js';

const RECEIPT_LIMITS = { everyMs: 1_000, maxWaiting: 50_000, maxPeople: 50_000, maxSent: 200 } as const;
const OPTIONAL_REACH = { token: REACH, optional: true } as const;

/** Inbox, receipts and explanations over the log and the people's store. Who keeps connections provides `REACH`. */
export const peopleProviders: Provider[] = [
  {
    provide: ManagedNotifications,
    inject: [PEOPLE_STORE, Access],
    useFactory: (store: PeopleStore, access: Access) => new ManagedNotifications(store, access),
  },
  {
    provide: Amendments,
    inject: [NotificationLog, ManagedNotifications, Limits],
    useFactory: (log: NotificationLog, managed: ManagedNotifications, limits: Limits) =>
      new Amendments(log, managed, limits),
  },
  {
    provide: Inbox,
    inject: [NotificationLog, PEOPLE_STORE, PUSH_STORE, PreferenceBook],
    useFactory: (log: NotificationLog, store: PeopleStore, choices: PushStore, book: PreferenceBook) =>
      new Inbox(log, store, choices, book),
  },
  {
    provide: InboxActs,
    inject: [NotificationLog, PEOPLE_STORE],
    useFactory: (log: NotificationLog, store: PeopleStore) => new InboxActs(log, store),
  },
  {
    provide: ReceiptNotes,
    inject: [PEOPLE_STORE],
    useFactory: (store: PeopleStore) => {
      const logger = new Logger(ReceiptNotes.name);
      return new ReceiptNotes(store, RECEIPT_LIMITS, (error) => logger.error(error));
    },
  },
  { provide: DELIVERY_WITNESS, useExisting: ReceiptNotes },
  {
    provide: Acknowledgements,
    inject: [NotificationLog, EVENT_BUS, PEOPLE_STORE, ReceiptNotes],
    useFactory: (log: NotificationLog, bus: EventBus, store: PeopleStore, notes: ReceiptNotes) =>
      new Acknowledgements(log, bus, store, notes),
  },
  { provide: AckWaits, inject: [EVENT_BUS], useFactory: (bus: EventBus) => new AckWaits(bus) },
  {
    provide: Explanations,
    inject: [
      PEOPLE_STORE,
      ReceiptNotes,
      ManagedNotifications,
      Inbox,
      PreferenceBook,
      NotificationLog,
      PushExplanations,
      PushForecasts,
      OPTIONAL_REACH,
    ],
    useFactory: (
      store: PeopleStore,
      notes: ReceiptNotes,
      managed: ManagedNotifications,
      inbox: Inbox,
      book: PreferenceBook,
      log: NotificationLog,
      pushes: PushExplanations,
      forecasts: PushForecasts,
      reach: Reach = NOBODY_REACHED,
    ) => new Explanations(store, notes, managed, inbox, book, log, reach, pushes, forecasts),
  },
  {
    provide: DryRuns,
    inject: [Publisher, PEOPLE_STORE, PreferenceBook, PushForecasts, OPTIONAL_REACH],
    useFactory: (
      publisher: Publisher,
      store: PeopleStore,
      book: PreferenceBook,
      forecasts: PushForecasts,
      reach: Reach = NOBODY_REACHED,
    ) => new DryRuns(publisher, store, book, forecasts, reach),
  },
  {
    provide: Receipts,
    inject: [PEOPLE_STORE, PUSH_STORE, ReceiptNotes, ManagedNotifications, Explanations, AckWaits],
    useFactory: (
      store: PeopleStore,
      choices: PushStore,
      notes: ReceiptNotes,
      managed: ManagedNotifications,
      explanations: Explanations,
      waits: AckWaits,
    ) => new Receipts(store, choices, notes, managed, explanations, waits),
  },
  {
    provide: Erasure,
    inject: [NotificationLog, PEOPLE_STORE, Access, LastSeen, ReceiptNotes, PUSH_STORE, PushLoop],
    useFactory: (
      log: NotificationLog,
      store: PeopleStore,
      access: Access,
      lastSeen: LastSeen,
      notes: ReceiptNotes,
      pushStore: PushStore,
      push: PushLoop | null,
    ) => new Erasure(log, store, access, lastSeen, notes, pushStore, push),
  },
  {
    provide: SUMMARIES,
    inject: [Inbox, Access],
    useFactory: (inbox: Inbox, access: Access) => new InboxSummaries(inbox, access),
  },
  {
    provide: PEOPLE_COMMANDS,
    inject: [Access, Inbox, InboxActs, Acknowledgements, Actions, Preferences],
    useFactory: (
      access: Access,
      inbox: Inbox,
      acts: InboxActs,
      acknowledgements: Acknowledgements,
      actions: Actions,
      preferences: Preferences,
    ) => new PersonalCommands(access, inbox, acts, acknowledgements, actions, preferences),
  },
];

/** What other modules may inject of them. */
export const peopleExports = [
  Acknowledgements,
  AckWaits,
  Amendments,
  DELIVERY_WITNESS,
  DryRuns,
  Erasure,
  Explanations,
  Inbox,
  InboxActs,
  PEOPLE_COMMANDS,
  ReceiptNotes,
  SUMMARIES,
  Receipts,
];
