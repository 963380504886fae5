import { expect, it } from 'vitest';
import type { PeopleCommands } from '#clarion/notifications';
import type { ClientCommand, Cursor } from '#clarion/protocol';
import { join, makeWorld, TIGHT } from '../test/session-world.js';
import { weightOf } from './commands-under-way.js';

const idsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `n-${i}`);
const marking = (count: number): ClientCommand => ({ op: 'mark', state: 'read', ids: idsOf(count) });

it.each([
  [1, 1],
  [64, 1],
  [65, 2],
  [1_000, 16],
])('%i ids weigh as much as %i commands', (count, weight) => {
  expect([weightOf({ op: 'ack', ids: idsOf(count) }), weightOf(marking(count))]).toEqual([weight, weight]);
});

it('others weigh as one', () => {
  expect(weightOf({ op: 'mark', state: 'read', upTo: 'cursor' as Cursor })).toBe(1);
});

it.each([
  { sent: 'small ones', command: marking(1), atOnce: 256 },
  { sent: 'large ones', command: marking(1_000), atOnce: 16 },
])('a client may have so many under way, and as many again when they are answered: $sent', async (given) => {
  const { command, atOnce } = given;
  let answer!: (value: string) => void;
  const held = new Promise<string>((resolve) => (answer = resolve));
  const commands: PeopleCommands = { handle: () => held };
  const world = await makeWorld(TIGHT, undefined, { commands });
  const { session } = join(world, ['users/u-1'], undefined, await world.person('u-1', []));
  const ask = () => session!.handle(command).catch(String);

  const asked = Array.from({ length: atOnce }, ask);
  const beyond = await Promise.all([ask(), ask()]);
  expect(beyond).toEqual(Array.from(beyond, () => expect.stringContaining('too many commands at once')));

  answer('done');
  expect(await Promise.all(asked)).toEqual(Array.from(asked, () => 'done'));
  expect(await Promise.all(Array.from({ length: atOnce }, ask))).toEqual(Array.from(asked, () => 'done'));
});
