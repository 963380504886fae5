import { parentPort } from 'node:worker_threads';
import { AccessReader } from './access-reader.js';
import { BoundsReader } from './bounds-reader.js';
import type { Connection } from './connection.js';
import { openForReading } from './log-file.js';
import { LogReader } from './log-reader.js';
import { RetentionPlanner } from './retention-planner.js';
import { StoreError } from './store-error.js';
import type { ConnectionOptions, ReaderCalls } from './store-workers.js';
import { serveCalls } from './worker-host.js';

/** What the thread has while the file is open. */
interface Opened {
  readonly connection: Connection;
  readonly bounds: BoundsReader;
  readonly reader: LogReader;
  readonly planner: RetentionPlanner;
  readonly access: AccessReader;
}

let current: Opened | undefined;

function opened(): Opened {
  if (current === undefined) throw new StoreError('closed', 'the log is not open');
  return current;
}

function open(options: ConnectionOptions): void {
  const connection = openForReading(options);
  current = {
    connection,
    bounds: new BoundsReader(connection),
    reader: new LogReader(connection),
    planner: new RetentionPlanner(connection),
    access: new AccessReader(connection),
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
  history: (request) => opened().reader.history(request),
  bounds: () => opened().bounds.bounds(),
  planFloor: (request) => opened().planner.planFloor(request),
  planExpired: (request) => opened().planner.planExpired(request),
  planOverfull: (request) => opened().planner.planOverfull(request),
  loadAccess: () => opened().access.load(),
  auditLog: (request) => opened().access.auditLog(request),
  close,
});
