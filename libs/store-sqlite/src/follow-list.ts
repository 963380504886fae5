import type { FollowInterval } from '#clarion/notifications';
import { text, type Row } from './connection.js';
import { offsetsOrNullsIn } from './offset-lists.js';

/** What a person follows and followed, as five columns of JSON: of a thousand topics, rows and objects on their way between threads cost five times as much. */
export type FollowList = readonly [topic: string, from: string, to: string, since: string, until: string];

export function followListIn(row: Row): FollowList {
  return [text(row, 0), text(row, 1), text(row, 2), text(row, 3), text(row, 4)];
}

export function followsIn([topic, from, to, since, until]: FollowList): FollowInterval[] {
  const topics: unknown = JSON.parse(topic);
  const [froms, tos, sinces, untils] = [from, to, since, until].map(offsetsOrNullsIn);
  if (!Array.isArray(topics)) return [];
  return topics.map((name: unknown, i) => ({
    topic: String(name),
    from: froms?.[i] ?? 0,
    to: tos?.[i] ?? null,
    since: sinces?.[i] ?? 0,
    until: untils?.[i] ?? null,
  }));
}
