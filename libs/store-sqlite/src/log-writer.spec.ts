import { expect, test } from 'vitest';
import { temporaryLog } from '../test/temporary-log.js';
import { integer, type Connection } from './connection.js';
import { LogWriter } from './log-writer.js';

function request(id: string, topics: readonly string[] = ['a']) {
  return { id, entry: { topics, publishedAt: 1, body: '"title":"x"' } };
}

function count(connection: Connection, table: 'entries' | 'audience'): number {
  return integer(connection.prepare(`SELECT count(*) FROM ${table}`).get([]) ?? [], 0);
}

test('a commit that fails stores nothing, and its offsets are given again', () => {
  const { connection } = temporaryLog();
  const writer = new LogWriter(connection);
  writer.beginEpoch();
  connection.exec(`CREATE TRIGGER refuse BEFORE INSERT ON audience WHEN NEW.topic = 'refused'
    BEGIN SELECT RAISE(ABORT, 'refused'); END`);
  expect(() => writer.append([request('1'), request('2', ['refused'])])).toThrow('refused');
  expect([count(connection, 'entries'), count(connection, 'audience')]).toEqual([0, 0]);
  expect(writer.append([request('3')])).toEqual([{ outcome: 'appended', id: '3', offset: 2 }]);
});

test('a batch of any size is stored whole, in order', () => {
  const { connection } = temporaryLog();
  const writer = new LogWriter(connection);
  for (const size of [1, 31, 32, 33, 64, 100]) {
    const before = count(connection, 'entries');
    writer.append(Array.from({ length: size }, (_, i) => request(`${size}-${i}`, ['a', `b/${i}`])));
    expect(count(connection, 'entries') - before).toBe(size);
  }
  expect(count(connection, 'audience')).toBe(count(connection, 'entries') * 2);
});

test('the end of the log is found again: offset and running sum of bytes', () => {
  const { connection } = temporaryLog();
  new LogWriter(connection).append([request('1'), request('2', ['ä', 'b'])]);
  const again = new LogWriter(connection);
  expect(again.beginEpoch().firstOffset).toBe(3);
  again.append([request('3')]);
  const rows = connection.prepare('SELECT offset, bytes, total FROM entries ORDER BY offset').all([]);
  expect(rows).toEqual([
    [1, 12, 12],
    [2, 14, 26],
    [4, 12, 38],
  ]);
});
