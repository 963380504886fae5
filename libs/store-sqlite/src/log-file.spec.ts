import { readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory, temporaryLog } from '../test/temporary-log.js';
import { Connection } from './connection.js';
import { LogFile } from './log-file.js';
import { SCHEMA_VERSION } from './migrations.js';
import { StoreError } from './store-error.js';

function faultOf(attempt: () => LogFile): StoreError {
  try {
    attempt().close();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('it was opened');
}

function open(file: string): LogFile {
  return LogFile.open({ file, cacheKib: 1_024, checkpointPages: 1_000 });
}

test('directory and files are for the owner alone', () => {
  const directory = join(temporaryDirectory(), 'not', 'there');
  const log = temporaryLog(join(directory, 'log.db'));
  log.connection.exec('CREATE TABLE something (x)');
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  const files = readdirSync(directory);
  expect(files.toSorted()).toEqual(['log.db', 'log.db-shm', 'log.db-wal', 'log.db.lock']);
  const modes = files.map((file) => statSync(join(directory, file)).mode & 0o777);
  expect(modes).toEqual(files.map(() => 0o600));
});

test('every commit is synced to the WAL', () => {
  const { connection } = temporaryLog();
  expect(connection.prepare('PRAGMA synchronous').get([])).toEqual([2]);
  expect(connection.prepare('PRAGMA journal_mode').get([])).toEqual(['wal']);
});

test('the WAL is emptied unless somebody reads from it, and nobody is waited for', () => {
  const directory = temporaryDirectory();
  const log = temporaryLog(join(directory, 'log.db'));
  log.connection.exec('CREATE TABLE something (x)');
  const reader = new Connection(join(directory, 'log.db'));
  reader.exec('BEGIN; SELECT * FROM something');
  const began = performance.now();
  expect(log.emptyWal()).toBe(false);
  expect(performance.now() - began).toBeLessThan(1_000);
  reader.exec('COMMIT');
  expect(log.emptyWal()).toBe(true);
  expect(statSync(join(directory, 'log.db-wal')).size).toBe(0);
  reader.close();
});

test('a newer schema is refused, and left as it is', () => {
  const file = join(temporaryDirectory(), 'log.db');
  open(file).close();
  const connection = new Connection(file);
  connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 7}`);
  connection.close();
  const fault = faultOf(() => open(file));
  expect(fault.fault).toBe('newer-schema');
  expect(fault.message).toContain(file);
  expect(fault.message).toContain(`schema ${SCHEMA_VERSION + 7}`);
  expect(fault.message).toContain(`up to ${SCHEMA_VERSION}`);
});

test('a database of another program is refused, and left as it is', () => {
  const file = join(temporaryDirectory(), 'log.db');
  const connection = new Connection(file);
  connection.exec('CREATE TABLE theirs (x)');
  connection.close();
  const before = statSync(file).size;
  expect(faultOf(() => open(file)).fault).toBe('foreign');
  expect(statSync(file).size).toBe(before);
});

test.for([
  ['text', (file: string) => writeFileSync(file, 'no database at all\n'.repeat(500))],
  [
    'a database cut in the middle',
    (file: string) => {
      open(file).close();
      truncateSync(file, 5_000);
    },
  ],
] as const)('%s is refused with a message that names the file', ([, damage]) => {
  const file = join(temporaryDirectory(), 'log.db');
  damage(file);
  const fault = faultOf(() => open(file));
  expect(fault.fault).toBe('unreadable');
  expect(fault.message).toContain(file);
});

test('a directory that cannot be made is refused with a message that names the file', () => {
  const blocked = join(temporaryDirectory(), 'file');
  writeFileSync(blocked, '');
  const fault = faultOf(() => open(join(blocked, 'log.db')));
  expect(fault.fault).toBe('unreadable');
  expect(fault.message).toContain(blocked);
});

test('a second hold on the same file is refused until the first is closed', () => {
  const file = join(temporaryDirectory(), 'log.db');
  const first = open(file);
  expect(faultOf(() => open(file)).fault).toBe('in-use');
  first.close();
  open(file).close();
});
