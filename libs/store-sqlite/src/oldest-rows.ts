import type { InboxSource } from '#clarion/notifications';
import { text, type Connection, type Statement } from './connection.js';
import type { Stretch } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { offsetsOrNullsIn } from './offset-lists.js';
import { segmentList } from './segment-list.js';

/** Tells where topics may have lost their rows to retention, though a notification that was published to others too is still there. */
export class OldestRows {
  readonly #oldestOfEach: Statement;

  constructor(connection: Connection) {
    this.#oldestOfEach = connection.prepare(INBOX_QUERIES.oldestOfEach);
  }

  /** Up to here one of the stretches may lack rows; 0: none does. */
  uncertainUpTo(stretches: readonly Stretch[]): number {
    if (stretches.length === 0) return 0;
    const oldest = offsetsOrNullsIn(text(this.#oldestOfEach.get([segmentList(stretches)]) ?? [], 0));
    const ends = stretches.map(({ after, upTo }, i) => {
      const last = (oldest[i] ?? Number.MAX_SAFE_INTEGER) - 1;
      return last <= after ? 0 : Math.min(last, upTo);
    });
    return Math.max(...ends);
  }

  /** Where to look for what ranges of these stretches may be about: there, and where they may lack rows by the topics that show it. */
  lookedAt(stretches: readonly Stretch[], sources: readonly InboxSource[]): readonly Stretch[] {
    const end = this.uncertainUpTo(stretches);
    const beside = sources
      .map(({ topic, after, upTo }) => ({ topic, after, upTo: Math.min(upTo ?? end, end) }))
      .filter(({ after, upTo }) => upTo > after);
    return [...stretches, ...beside];
  }
}
