import { MAX_FOLLOWS } from '#clarion/protocol/plain';
import type { ActResult, FollowAct, FollowInterval } from '#clarion/notifications';
import { integer, type Connection, type Statement } from './connection.js';
import type { EntryWriter } from './entry-writer.js';
import { followListIn, followsIn } from './follow-list.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { addPersonal } from './personal-entry.js';
import { isPersonal } from './personal-topic.js';

/** Intervals that have ended and are still kept of one person; beyond, the one that ended first is forgotten. */
const MAX_ENDED = 1_000;

/** Begins and ends the intervals in which people follow topics. */
export class FollowWriter {
  readonly #entries: EntryWriter;
  readonly #open: Statement;
  readonly #count: Statement;
  readonly #all: Statement;
  readonly #begin: Statement;
  readonly #end: Statement;
  readonly #drop: Statement;

  constructor(connection: Connection, entries: EntryWriter) {
    this.#entries = entries;
    this.#open = connection.prepare(PEOPLE_QUERIES.openFollow);
    this.#count = connection.prepare(PEOPLE_QUERIES.countFollows);
    this.#all = connection.prepare(PEOPLE_QUERIES.follows);
    this.#begin = connection.prepare(PEOPLE_QUERIES.follow);
    this.#end = connection.prepare(PEOPLE_QUERIES.unfollow);
    this.#drop = connection.prepare(PEOPLE_QUERIES.dropFollow);
  }

  follow(id: string, act: FollowAct): ActResult {
    const { user, topic, at } = act;
    if (isPersonal(topic))
      return { outcome: 'refused', code: 'body.invalid', detail: 'nobody’s own topic is followed' };
    if (this.#open.get([user, topic]) !== undefined) return { outcome: 'acted', entry: null };
    if (this.#counts(user).open >= MAX_FOLLOWS)
      return { outcome: 'refused', code: 'body.invalid', detail: `more than ${MAX_FOLLOWS} topics` };
    const entry = addPersonal(this.#entries, id, act);
    this.#begin.run([user, topic, entry.offset, at]);
    return { outcome: 'acted', entry };
  }

  unfollow(id: string, act: FollowAct): ActResult {
    const { user, topic, at } = act;
    const open = this.#open.get([user, topic]);
    if (open === undefined) return { outcome: 'acted', entry: null };
    if (this.#counts(user).ended >= MAX_ENDED) this.#forgetFirstEnded(user);
    const entry = addPersonal(this.#entries, id, act);
    this.#end.run([user, topic, integer(open, 0), entry.offset, at]);
    return { outcome: 'acted', entry };
  }

  #counts(user: string): { open: number; ended: number } {
    const row = this.#count.get([user]) ?? [0, 0];
    return { open: integer(row, 0), ended: integer(row, 1) };
  }

  #forgetFirstEnded(user: string): void {
    let first: FollowInterval | undefined;
    for (const interval of followsIn(followListIn(this.#all.get([user]) ?? [])))
      if (interval.to !== null && (first === undefined || interval.to < (first.to ?? 0))) first = interval;
    if (first !== undefined) this.#drop.run([user, first.topic, first.from]);
  }
}
