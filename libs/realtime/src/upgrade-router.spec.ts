import { Duplex } from 'node:stream';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UpgradeRouter } from './upgrade-router.js';

function connection(): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
}

test('a client that resets while it waits for its turn ends nothing, and is not let in', async () => {
  const router = new UpgradeRouter();
  for (let i = 0; i < 16; i++) router.letIn(connection(), () => undefined);
  const waiting = [connection(), connection()];
  const inside: Duplex[] = [];
  for (const socket of waiting) router.letIn(socket, () => inside.push(socket));
  expect(inside).toEqual([]);
  const gone = new Promise((resolve) => waiting[0]!.on('close', resolve));
  waiting[0]!.destroy(new Error('read ECONNRESET'));
  await gone;
  await turnOfTheLoop();
  await turnOfTheLoop();
  expect(inside).toEqual([waiting[1]]);
});

test('whoever is let in finds the connection as it was', () => {
  const socket = connection();
  new UpgradeRouter().letIn(socket, () => undefined);
  expect(socket.listenerCount('error')).toBe(0);
});
