import { expect, test } from 'vitest';
import { Connection, integer, text } from './connection.js';

test.for([
  ['NUL', 'a\0b'],
  ['half a surrogate pair', 'a\ud800b'],
  ['not a number', Number.NaN],
  ['an infinity', Number.POSITIVE_INFINITY],
  ['a fraction', 1.5],
  ['an integer that would be rounded', 2 ** 53],
] as const)('%s is refused before it reaches the library', ([, value]) => {
  const connection = new Connection(':memory:');
  expect(() => connection.prepare('SELECT ?').get([value])).toThrow(expect.objectContaining({ fault: 'input' }));
  connection.close();
});

test('rows are plain lists of cells, read by type', () => {
  const connection = new Connection(':memory:');
  const row = connection.prepare("SELECT 1, 'ä🚀', NULL").get([]) ?? [];
  expect(row).toEqual([1, 'ä🚀', null]);
  expect(integer(row, 0)).toBe(1);
  expect(() => text(row, 0)).toThrow('column 0 is number, not text');
  connection.close();
});

test('a transaction that throws is rolled back, and the next one works', () => {
  const connection = new Connection(':memory:');
  connection.exec('CREATE TABLE t (x)');
  expect(() =>
    connection.write(() => {
      connection.exec('INSERT INTO t VALUES (1)');
      throw new Error('no');
    }),
  ).toThrow('no');
  connection.write(() => connection.exec('INSERT INTO t VALUES (2)'));
  expect(connection.prepare('SELECT x FROM t').all([])).toEqual([[2]]);
  connection.close();
});
