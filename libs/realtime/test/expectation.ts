import type { LogEntry } from '#clarion/event-bus';
import { matches, type Cursor, type Selector, type Topic } from '#clarion/protocol';
import type { Client, World } from './session-world.js';

/** A selector that a client had for events in `(from, upTo]`. */
interface Held {
  readonly selector: Selector;
  readonly from: number;
  readonly upTo: number;
}

/** What a client must have seen, and what it may have: that ended or was erased before or after it was read. */
export interface Expected {
  readonly must: readonly number[];
  readonly may: readonly number[];
}

/** Whether this client never hears an entry that this topic brought. */
export type Mute = (client: Client, entry: LogEntry, topic: string) => boolean;

/** What a client must have seen, by the plainest possible reading of the promise. */
export function expected(world: World, client: Client): number[] {
  return [...expectedOf(world, client, () => false).must];
}

export function expectedOf(world: World, client: Client, isMuted: Mute): Expected {
  const held = heldBy(world, client);
  const lost = gaps(client);
  const due = world.store.entries.filter((entry) => {
    const isHeard = entry.topics.some(
      (topic) => held.some((own) => shows(own, entry.offset, topic)) && !isMuted(client, entry, topic),
    );
    const isLost = lost.some(([from, upTo]) => entry.offset > from && entry.offset <= upTo);
    return isHeard && !isLost;
  });
  const offsets = (passing: boolean): number[] =>
    due.filter(({ expiresAt }) => (expiresAt !== undefined) === passing).map(({ offset }) => offset);
  return { must: offsets(false), may: offsets(true) };
}

function shows({ selector, from, upTo }: Held, offset: number, topic: string): boolean {
  return offset > from && offset <= upTo && matches(selector, topic as Topic);
}

function heldBy(world: World, client: Client): Held[] {
  const at = (cursor: Cursor): number => {
    const found = world.log.locate(cursor);
    return 'offset' in found ? found.offset : offsetOf(world, cursor);
  };
  const active = new Map<Selector, number>();
  const held: Held[] = [];
  for (const item of client.seen) {
    if (item.kind === 'gap') {
      const upTo = at(item.cursor);
      const lostFrom = Math.max(
        0,
        ...client.seen
          .slice(0, client.seen.indexOf(item))
          .map((seen) => (seen.kind === 'notification' ? seen.offset : 0)),
      );
      gaps(client).push([lostFrom, upTo]);
    }
    if (item.kind === 'subscribed')
      for (const topic of item.topics) if (!active.has(topic)) active.set(topic, at(item.cursor));
    if (item.kind === 'unsubscribed')
      for (const [selector, from] of [...active])
        if (!item.topics.includes(selector)) {
          held.push({ selector, from, upTo: at(item.cursor) });
          active.delete(selector);
        }
  }
  for (const [selector, from] of active) held.push({ selector, from, upTo: Infinity });
  return held;
}

const gapsOf = new WeakMap<Client, [number, number][]>();
function gaps(client: Client): [number, number][] {
  let list = gapsOf.get(client);
  if (list === undefined) gapsOf.set(client, (list = []));
  return list;
}

/** Places that retention has passed cannot be located any more; the test knows all cursors there are. */
export function offsetOf(world: World, cursor: Cursor): number {
  for (let offset = 0; offset <= world.log.head; offset++) if (world.log.cursorAt(offset) === cursor) return offset;
  throw new Error('a cursor that this log never gave out');
}
