import { expect, test } from 'vitest';
import { temporaryLog } from '../test/temporary-log.js';
import { AccessReader } from './access-reader.js';
import { AccessWriter } from './access-writer.js';
import type { Connection } from './connection.js';
import { storedKey } from './stored-key.js';

function keyIn(connection: Connection): void {
  new AccessWriter(connection).putKey(
    {
      id: 'k-1',
      name: 'shop',
      rights: { publish: [], read: [], admin: false },
      secrets: [{ sha256: new Uint8Array(32) }],
      createdAt: 1,
    },
    { at: 1, who: 'key:root', act: 'key.created', target: 'k-1' },
  );
}

test.for([
  ['rights of no version', `UPDATE api_keys SET rights = '{"publish":["a b"],"read":[],"admin":false}'`],
  ['rights that are more than any version gives', `UPDATE api_keys SET rights = '{"root":true}'`],
] as const)('%s are not guessed at: a key may do exactly what was granted', ([, spoil]) => {
  const { connection } = temporaryLog();
  keyIn(connection);
  connection.exec(spoil);
  expect(() => new AccessReader(connection).load().keys.map(storedKey)).toThrow(
    /rights of the API key k-1 are damaged/,
  );
});

test('a digest has 32 bytes, or is not stored', () => {
  const { connection } = temporaryLog();
  keyIn(connection);
  const shorten = () => connection.exec("UPDATE api_key_secrets SET sha256 = x'00'");
  expect(shorten).toThrow(/CHECK/);
});

test('an act of no version is a damage, not an entry', () => {
  const { connection } = temporaryLog();
  keyIn(connection);
  connection.exec("UPDATE audit_log SET act = 'key.blessed'");
  expect(() => new AccessReader(connection).auditLog({ limit: 1 })).toThrow(/audit log is damaged/);
});
