import type { FollowInterval } from '#clarion/notifications';
import { text, type Row } from './connection.js';

/** What a person follows and followed, as five columns of JSON: of a thousand topics, rows and objects on their way between threads cost five times as much. */
export type FollowList = readonly [topic: string, from: string, to: string, since: string, until: string];

export function followListIn(row: Row): FollowList {
  return [text(row, 0), text(row, 1), text(row, 2), text(row, 3), text(row, 4)];
}

export function followsIn(list: FollowList): FollowInterval[] {
  const [topics, from, to, since, until] = list.map((column) => JSON.parse(column) as unknown) as unknown as Columns;
  return topics.map((topic, i) => ({
    topic,
    from: from[i] ?? 0,
    to: to[i] ?? null,
    since: since[i] ?? 0,
    until: until[i] ?? null,
  }));
}

/** The database has made them, each of its kind and all of one length. */
type Columns = readonly [
  topic: readonly string[],
  from: readonly number[],
  to: readonly (number | null)[],
  since: readonly number[],
  until: readonly (number | null)[],
];
