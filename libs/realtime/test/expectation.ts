import { matches, type Cursor, type Selector, type Topic } from '#clarion/protocol';
import type { Client, World } from './session-world.js';

/** What a client must have seen, by the plainest possible reading of the promise. */
export function expected(world: World, client: Client): number[] {
  const at = (cursor: Cursor): number => {
    const found = world.log.locate(cursor);
    return 'offset' in found ? found.offset : offsetOf(world, cursor);
  };
  const active = new Map<Selector, number>();
  const due = new Set<number>();
  const collect = (selector: Selector, from: number, upTo: number): void => {
    for (const { offset, topics } of world.store.entries)
      if (offset > from && offset <= upTo && topics.some((topic) => matches(selector, topic as Topic))) due.add(offset);
  };
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
      for (const [topic, from] of [...active])
        if (!item.topics.includes(topic)) {
          collect(topic, from, at(item.cursor));
          active.delete(topic);
        }
  }
  for (const [topic, from] of active) collect(topic, from, Infinity);
  const lost = gaps(client);
  return [...due]
    .filter((offset) => !lost.some(([from, upTo]) => offset > from && offset <= upTo))
    .sort((a, b) => a - b);
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
