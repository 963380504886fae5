import { parentPort } from 'node:worker_threads';
import { AccessReader } from './access-reader.js';
import { BoundsReader } from './bounds-reader.js';
import { CandidateReader } from './candidate-reader.js';
import type { Connection } from './connection.js';
import { InboxReader } from './inbox-reader.js';
import { openForReading } from './log-file.js';
import { LogReader } from './log-reader.js';
import { NotificationFinder } from './notification-finder.js';
import { SourcesReader } from './packed-sources.js';
import { PersonReader } from './person-reader.js';
import { PushReader } from './push-reader.js';
import { RememberedInboxes } from './remembered-inboxes.js';
import { ReceiptReader } from './receipt-reader.js';
import { RetentionPlanner } from './retention-planner.js';
import { StoreError } from './store-error.js';
import type { ReaderCalls, ReaderOptions } from './store-workers.js';
import { serveCalls } from './worker-host.js';

/** What the thread has while the file is open. */
interface Opened {
  readonly connection: Connection;
  readonly bounds: BoundsReader;
  readonly reader: LogReader;
  readonly planner: RetentionPlanner;
  readonly access: AccessReader;
  readonly finder: NotificationFinder;
  readonly people: PersonReader;
  readonly sources: SourcesReader;
  readonly inbox: InboxReader;
  readonly counts: RememberedInboxes;
  readonly receipts: ReceiptReader;
  readonly pushes: PushReader;
  readonly candidates: CandidateReader;
}

let current: Opened | undefined;

function opened(): Opened {
  if (current === undefined) throw new StoreError('closed', 'the log is not open');
  return current;
}

function open(options: ReaderOptions): void {
  const connection = openForReading(options);
  const sources = new SourcesReader();
  current = {
    connection,
    bounds: new BoundsReader(connection),
    reader: new LogReader(connection),
    planner: new RetentionPlanner(connection),
    access: new AccessReader(connection),
    finder: new NotificationFinder(connection),
    people: new PersonReader(connection),
    sources,
    inbox: new InboxReader(connection),
    counts: new RememberedInboxes(connection, sources, options.worthRemembering),
    receipts: new ReceiptReader(connection),
    pushes: new PushReader(connection),
    candidates: new CandidateReader(connection),
  };
}

function close(): void {
  opened().connection.close();
  current = undefined;
}

if (parentPort === null) throw new Error('this module is the entry of a worker thread');
serveCalls<ReaderCalls>(parentPort, {
  open,
  read: (request) => opened().reader.read(request),
  history: ({ request, now }) => opened().reader.history(request, now),
  bounds: () => opened().bounds.bounds(),
  planFloor: (request) => opened().planner.planFloor(request),
  planUnlisted: (request) => opened().planner.planUnlisted(request),
  planExpired: (request) => opened().planner.planExpired(request),
  planOverfull: (request) => opened().planner.planOverfull(request),
  loadAccess: () => opened().access.load(),
  auditLog: (request) => opened().access.auditLog(request),
  findAll: (ids) => opened().finder.findAll(ids),
  follows: (user) => opened().people.follows(user),
  followers: (topic) => opened().people.followers(topic),
  inbox: ({ sources, ...rest }) => opened().inbox.page({ ...rest, sources: opened().sources.read(sources) }),
  inboxCounts: (scope) => opened().counts.counts(scope),
  standing: ({ user, offset }) => opened().inbox.standing(user, offset),
  preferencesOf: (users) => opened().people.preferencesOf(users),
  havePreferences: () => opened().people.havePreferences(),
  categories: () => opened().people.categories(),
  receipts: ({ offset, users }) => opened().receipts.receipts(offset, users),
  topicReceipts: ({ offset, except }) => opened().receipts.topicReceipts(offset, except),
  lastSeen: (user) => opened().people.lastSeen(user),
  exportPerson: (user) => opened().people.export(user),
  devices: (user) => opened().pushes.devices(user),
  duePushes: ({ now, limit }) => opened().pushes.due(now, limit),
  nextPushAt: (after) => opened().pushes.nextAt(after),
  pushCandidates: ({ offset, mark, limit }) => opened().candidates.page(offset, mark, limit),
  pushTicket: (ticket) => opened().pushes.ticket(ticket),
  pushes: ({ offset, users }) => opened().pushes.pushes(offset, users),
  choices: ({ offset, users }) => opened().pushes.choices(offset, users),
  choicesOf: ({ user, offsets }) => opened().pushes.choicesOf(user, offsets),
  exportDevices: (user) => opened().pushes.export(user),
  pushDueAt: (offset) => opened().pushes.dueAt(offset),
  waitingPushes: () => opened().pushes.waiting(),
  close,
});
