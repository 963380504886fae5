import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory, temporaryLog } from '../test/temporary-log.js';
import { AccessReader } from './access-reader.js';
import { AccessWriter } from './access-writer.js';
import { CandidateReader } from './candidate-reader.js';
import { Connection } from './connection.js';
import { InboxCounter } from './inbox-counter.js';
import { LogReader } from './log-reader.js';
import { LogWriter } from './log-writer.js';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from './migrations.js';
import { NotificationFinder } from './notification-finder.js';
import { PushReader } from './push-reader.js';
import { RetentionWriter } from './retention-writer.js';

/** The schema that the first released version wrote, as it wrote it. */
const SCHEMA_1 = `
  PRAGMA application_id = ${APPLICATION_ID};
  CREATE TABLE log (singleton INTEGER PRIMARY KEY CHECK (singleton = 1), secret BLOB NOT NULL, floor INTEGER NOT NULL) STRICT;
  CREATE TABLE epochs (first_offset INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE entries (
    offset INTEGER PRIMARY KEY, id TEXT NOT NULL, published_at INTEGER NOT NULL, bytes INTEGER NOT NULL, total INTEGER NOT NULL,
    topics TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE audience (topic TEXT NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (topic, offset)) STRICT, WITHOUT ROWID;
  CREATE TABLE idempotency (
    scope TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, id TEXT NOT NULL, offset INTEGER, expires_at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_by_expiry ON idempotency (expires_at, offset);
  INSERT INTO log VALUES (1, x'${'ab'.repeat(32)}', 0);
  INSERT INTO epochs VALUES (1, '0123456789abcdef');
  INSERT INTO entries VALUES (2, 'n-1', 1700000000000, 30, 30, '["orders/1"]', '"title":"kept"');
  INSERT INTO audience VALUES ('orders/1', 2);
  PRAGMA user_version = 1;
`;

function oldDatabase(): string {
  const file = join(temporaryDirectory(), 'log.db');
  const connection = new Connection(file);
  connection.exec(SCHEMA_1);
  connection.close();
  return file;
}

test('a database of the first version is brought to this one where it is, with all that it has', () => {
  const { connection, secret } = temporaryLog(oldDatabase());
  expect(Buffer.from(secret).toString('hex')).toBe('ab'.repeat(32));
  new LogWriter(connection).beginEpoch();
  const { entries } = new LogReader(connection).read({ after: 0, selectors: ['orders/1'], limit: 10, maxBytes: 1_000 });
  expect(entries).toMatchObject([{ offset: 2, id: 'n-1', body: '"title":"kept"' }]);
  expect(connection.prepare('PRAGMA user_version').get([])).toEqual([SCHEMA_VERSION]);
});

test('and keeps keys from then on', () => {
  const { connection } = temporaryLog(oldDatabase());
  const entry = { at: 1, who: 'key:root', act: 'user.disconnected', target: 'u-1' } as const;
  new AccessWriter(connection).revoke({ sub: 'u-1', before: 5 }, entry);
  const reader = new AccessReader(connection);
  expect(reader.load()).toEqual({ keys: [], revocations: [{ sub: 'u-1', before: 5 }] });
  expect(reader.auditLog({ limit: 1 })).toMatchObject({ entries: [entry], more: false });
});

/** As the second version left it: with the tables of keys, which nothing here needs, and notifications to one and to several topics. */
function databaseOfSchema2(): string {
  const file = oldDatabase();
  const connection = new Connection(file);
  connection.exec(`
    INSERT INTO entries VALUES (3, 'n-2', 1700000000001, 30, 60, '["users/u-1","orders/1"]', '"title":"both"');
    INSERT INTO audience VALUES ('users/u-1', 3), ('orders/1', 3);
    INSERT INTO entries VALUES (4, 'n-3', 1700000000002, 30, 90, '["users/u-1","users/u-2"]', '"title":"people"');
    INSERT INTO audience VALUES ('users/u-1', 4), ('users/u-2', 4);
    PRAGMA user_version = 2;
  `);
  connection.close();
  return file;
}

test('what was published before there were inboxes is in them, and each once', () => {
  const { connection } = temporaryLog(databaseOfSchema2());
  new LogWriter(connection).beginEpoch();
  const source = (topic: string) => ({ topic, after: 0, upTo: null, publishedFrom: 0 });
  const scope = { user: 'u-1', sources: [source('users/u-1'), source('orders/1')], hiddenCategories: [], now: 1 };
  expect(new InboxCounter(connection).counts(scope)).toEqual({ unread: 3, unseen: 3 });
  expect(new NotificationFinder(connection).first('n-2')).toMatchObject({ offset: 3, body: '"title":"both"' });
});

test('and can be marked and edited from then on', () => {
  const { connection } = temporaryLog(databaseOfSchema2());
  const writer = new LogWriter(connection);
  writer.beginEpoch();
  const target = { ids: ['n-2'] };
  const mark = { kind: 'mark', user: 'u-1', at: 5, body: '"x":1', state: 'read', undo: false, until: null } as const;
  const results = writer.append([
    { id: 'm', entry: null, act: { ...mark, target } },
    { id: 'e', entry: null, act: { kind: 'edit', notification: 'n-2', edit: { title: 'new' }, at: 6 } },
  ]);
  expect(results).toMatchObject([
    { outcome: 'acted', entry: { offset: 6, kind: 'inbox' } },
    { outcome: 'acted', entry: { offset: 7, kind: 'updated', about: 3 } },
  ]);
});

/** As the third version left it: with all of people, and nothing of devices. */
function databaseOfSchema3(): string {
  const file = join(temporaryDirectory(), 'log.db');
  const connection = new Connection(file);
  migrate(connection, file, 3);
  connection.exec(`
    INSERT INTO epochs VALUES (1, '0123456789abcdef');
    INSERT INTO follows VALUES ('u-1', 'news', 2, NULL, 1, NULL);
    INSERT INTO entries (offset, id, published_at, bytes, total, topics, body) VALUES (3, 'n-1', 5, 30, 30, '["news"]', '"title":"x"');
    INSERT INTO audience (topic, offset) VALUES ('news', 3);
  `);
  connection.close();
  return file;
}

test('whoever followed before there were devices is pushed to what is published after theirs came', () => {
  const { connection } = temporaryLog(databaseOfSchema3());
  const writer = new LogWriter(connection);
  writer.beginEpoch();
  const keys = { p256dh: 'p', auth: 'a', name: null, locale: null, timeZone: null, subscribe: [], issuedAt: null };
  const device = { id: 'd', endpoint: 'https://push.test/1', ...keys };
  const entry = { topics: ['news'], publishedAt: 7, body: '"title":"y"' };
  const results = writer.append([
    { id: 'd-1', entry: null, act: { kind: 'device', user: 'u-1', at: 6, body: '"x":1', device } },
    { id: 'n-2', entry, pushAt: 9 },
  ]);
  expect(results).toMatchObject([{ outcome: 'acted' }, { outcome: 'appended', offset: 6 }]);
  const [due] = new PushReader(connection).due(9, 10);
  const { candidates } = new CandidateReader(connection).page(6, due!.mark, 10);
  expect(candidates).toMatchObject([{ user: 'u-1', topics: ['news'], devices: [{ id: 'd', since: 4 }] }]);
  const before = new CandidateReader(connection).page(3, due!.mark, 10);
  expect(before.candidates).toEqual([]);
});

test('what is removed from a topic is counted, also in a database that is older than that', () => {
  const { connection } = temporaryLog(databaseOfSchema3());
  const counted = () => connection.prepare('SELECT removals, lifts, erasures FROM log').get([]);
  expect(counted()).toEqual([0, 0, 0]);
  new RetentionWriter(connection).trimTopic({ topic: 'news', upTo: 3 });
  expect(counted()).toEqual([1, 0, 0]);
  new LogWriter(connection).append([{ id: 'x', entry: null, act: { kind: 'erase', user: 'u-1', at: 1 } }]);
  expect(counted()).toEqual([1, 0, 1]);
});

test('every table is strict: a text in the place of a number is refused, not kept', () => {
  const { connection } = temporaryLog();
  const loose =
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'";
  expect(connection.prepare(loose).all([])).toEqual([]);
});
