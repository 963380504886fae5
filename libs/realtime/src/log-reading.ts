import { matches, type Topic } from '#clarion/protocol';
import type { Reading } from './open-connection.js';
import type { Subscription } from './subscription.js';

/** Of the log a session or a poll was given `(from, through]`, as far as it concerned it. */
export interface LogReading extends Reading {
  readonly subscriptions: readonly Subscription[];
  readonly from: number;
  readonly through: number;
}

/** @param head of the log; the cursor, which is `through`, lags behind it. */
export function logReading(
  subscriptions: readonly Subscription[],
  head: number,
  pendingBytes: number,
  from: number,
  through: number,
): LogReading {
  const topics = subscriptions.map(({ selector }) => selector);
  return { topics, subscriptions, lag: Math.max(0, head - through), pendingBytes, from, through };
}

/** After which offset it reads what was published to the topic at that time; Infinity: it does not, or its rights do not go back so far. */
export function readsAfter({ subscriptions, from }: LogReading, topic: Topic, publishedAt: number): number {
  const reading = subscriptions.filter(
    ({ selector, historyFrom }) => publishedAt >= historyFrom && matches(selector, topic),
  );
  return Math.max(from, Math.min(...reading.map(({ after }) => after)));
}
