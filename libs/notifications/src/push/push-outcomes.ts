import { backoffMs } from './push-backoff.js';
import type { PushOutcome } from './push-channel.js';
import type { CountedOutcome } from './push-stats.js';
import type { ClaimedPush, PushSettlement } from './push-store.js';

/** So often a message is made shorter; then it is not its length. */
const MAX_SHORTENED = 4;
/** The reason of what this server itself has ended: that says nothing of the device. */
const ABORTED = 'aborted';

/** What is written of an attempt, and as what it counts. */
export interface Settled {
  readonly settlement: PushSettlement;
  readonly counted: CountedOutcome;
}

/** @param now milliseconds since 1970. @param random in [0, 1). */
export function settlementOf(
  push: ClaimedPush,
  outcome: PushOutcome,
  maxAttempts: number,
  now: number,
  random?: () => number,
): Settled {
  switch (outcome.outcome) {
    case 'delivered':
      return { counted: 'sent', settlement: { id: push.id, at: now, state: 'sent' } };
    case 'refused':
      return parked(push, outcome.reason, now);
    case 'too_large':
      if (push.shortened >= MAX_SHORTENED) return parked(push, 'too_large', now);
      return atOnce(push, { counted: 'shortened', reason: 'too_large', shortened: push.shortened + 1 }, now);
    case 'gone':
      // The device is somewhere else by now: there it has not been tried.
      return atOnce(push, { counted: 'later', reason: 'moved', shortened: push.shortened }, now);
    case 'later':
      if (outcome.reason === ABORTED)
        return atOnce(push, { counted: 'aborted', reason: ABORTED, shortened: push.shortened }, now);
      return later(push, outcome, maxAttempts, now, random);
  }
}

function later(
  push: ClaimedPush,
  { reason, retryAfterMs }: Extract<PushOutcome, { outcome: 'later' }>,
  maxAttempts: number,
  now: number,
  random?: () => number,
): Settled {
  const nextAt = now + backoffMs(push.attempt, retryAfterMs, random);
  if (push.attempt >= maxAttempts || nextAt > push.until) return parked(push, 'tried_too_often', now);
  const { id, shortened } = push;
  return { counted: 'later', settlement: { id, at: now, state: 'waiting', nextAt, reason, shortened, failed: true } };
}

function atOnce(
  { id }: ClaimedPush,
  { counted, reason, shortened }: { counted: CountedOutcome; reason: string; shortened: number },
  now: number,
): Settled {
  return { counted, settlement: { id, at: now, state: 'waiting', nextAt: now, reason, shortened, failed: false } };
}

function parked({ id }: ClaimedPush, reason: string, now: number): Settled {
  return { counted: 'parked', settlement: { id, at: now, state: 'parked', reason } };
}
