import { parentPort } from 'node:worker_threads';
import { AccessWriter } from './access-writer.js';
import { BoundsReader } from './bounds-reader.js';
import { ErasedPeople } from './erased-people.js';
import { LogFile } from './log-file.js';
import { LogWriter } from './log-writer.js';
import { MemoryWriter } from './memory-writer.js';
import { OrphanWriter } from './orphan-writer.js';
import { packResults, unpackBatch } from './packed-batch.js';
import { PeopleWriter } from './people-writer.js';
import { PushClaimer } from './push-claimer.js';
import { PushSettler } from './push-settler.js';
import { PushWriter } from './push-writer.js';
import { ReceiptWriter } from './receipt-writer.js';
import { RetentionWriter } from './retention-writer.js';
import { explainFailure, StoreError } from './store-error.js';
import type { WriterCalls, WriterOptions } from './store-workers.js';
import { TakeBackWriter } from './take-back-writer.js';
import { serveCalls } from './worker-host.js';

/** What the thread has while the file is open. */
interface Opened {
  readonly file: LogFile;
  readonly erased: ErasedPeople;
  readonly writer: LogWriter;
  readonly retention: RetentionWriter;
  readonly orphans: OrphanWriter;
  readonly access: AccessWriter;
  readonly people: PeopleWriter;
  readonly receipts: ReceiptWriter;
  readonly memory: MemoryWriter;
  readonly pushes: PushWriter;
  readonly claimer: PushClaimer;
  readonly settler: PushSettler;
  readonly takeBacks: TakeBackWriter;
}

let current: Opened | undefined;

function opened(): Opened {
  if (current === undefined) throw new StoreError('closed', 'the log is not open');
  return current;
}

function open(options: WriterOptions): WriterCalls['open']['result'] {
  const file = LogFile.open(options);
  const { connection, secret } = file;
  const erased = new ErasedPeople();
  current = {
    file,
    erased,
    writer: new LogWriter(connection, erased),
    retention: new RetentionWriter(connection),
    orphans: new OrphanWriter(connection),
    access: new AccessWriter(connection),
    people: new PeopleWriter(connection),
    receipts: new ReceiptWriter(connection, erased),
    memory: new MemoryWriter(connection, erased),
    pushes: new PushWriter(connection),
    claimer: new PushClaimer(connection),
    settler: new PushSettler(connection),
    takeBacks: new TakeBackWriter(connection),
  };
  const { writer } = current;
  explainFailure(`${options.file} cannot be written`, () => writer.beginEpoch());
  return { ...new BoundsReader(connection).bounds(), secret };
}

function emptyWal(): void {
  const { file, erased } = opened();
  if (erased.mayBeInWal) erased.mayBeInWal = !file.emptyWal();
}

function close(): void {
  const { file } = opened();
  current = undefined;
  file.close();
}

if (parentPort === null) throw new Error('this module is the entry of a worker thread');
serveCalls<WriterCalls>(parentPort, {
  open,
  append: (batch) => packResults(opened().writer.append(unpackBatch(batch))),
  raiseFloor: (floor) => opened().retention.raiseFloor(floor),
  emptyWal,
  dropEpochs: () => opened().retention.dropEpochs(),
  dropEntries: (offsets) => opened().retention.dropEntries(offsets),
  trimTopic: (topic) => opened().retention.trimTopic(topic),
  dropClaims: (now) => opened().retention.dropClaims(now),
  dropOrphans: () => opened().orphans.dropOrphans(),
  dropEmptyIntervals: () => opened().orphans.dropEmptyIntervals(),
  dropRemembered: () => opened().orphans.dropRemembered(),
  putKey: ({ key, audit }) => opened().access.putKey(key, audit),
  deleteKey: ({ id, audit }) => opened().access.deleteKey(id, audit),
  touchKeys: (uses) => opened().access.touchKeys(uses),
  revoke: ({ revocation, audit }) => opened().access.revoke(revocation, audit),
  audit: (entry) => opened().access.audit(entry),
  putCategory: (category) => opened().people.putCategory(category),
  deleteCategory: (id) => opened().people.deleteCategory(id),
  takeOut: (user) => opened().people.takeOut(user),
  touch: (people) => opened().people.touch(people),
  noteReceipts: (receipts) => opened().receipts.noteReceipts(receipts),
  noteOffered: (offered) => opened().receipts.noteOffered(offered),
  remember: (rows) => opened().memory.remember(rows),
  keepVapidKeys: (made) => opened().pushes.keepVapidKeys(made),
  planPushes: (decided) => opened().pushes.plan(decided),
  claimPushes: (request) => opened().claimer.claim(request),
  settlePushes: (settlements) => opened().settler.settle(settlements),
  releasePushes: () => opened().claimer.releaseAll(),
  planTakeBacks: ({ now, limit }) => opened().takeBacks.plan(now, limit),
  close,
});
