import type { EgressOutcome } from '#clarion/egress';
import type { PushOutcome } from '#clarion/notifications';
import { retryAfterMs } from './retry-after.js';

type Answer = Extract<EgressOutcome, { outcome: 'answered' }>;

/** What a push service's answer, or its silence, means (RFC 8030 §5, RFC 8291 §4, RFC 8292 §4.2). */
export function pushOutcomeOf(egress: EgressOutcome): PushOutcome {
  if (egress.outcome === 'forbidden') return { outcome: 'refused', reason: egress.reason };
  if (egress.outcome === 'failed') return { outcome: 'later', reason: egress.reason };
  return outcomeOf(egress);
}

/** Windows' service says 406 to those who push too much. */
const RATE_LIMITED: ReadonlySet<number> = new Set([406, 429]);
/** They are about this attempt, not about the push (RFC 9110 §15.5.9, RFC 8470 §5.2). */
const ANOTHER_TIME: ReadonlySet<number> = new Set([408, 425]);

function outcomeOf({ status, headers }: Answer): PushOutcome {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  if (status === 404 || status === 410) return { outcome: 'gone' };
  if (status === 413) return { outcome: 'too_large' };
  if (RATE_LIMITED.has(status)) return later('rate_limited', headers['retry-after']);
  if (ANOTHER_TIME.has(status) || status >= 500) return later(`status_${status}`, headers['retry-after']);
  return { outcome: 'refused', reason: refusalOf(status) };
}

function refusalOf(status: number): string {
  if (status >= 300 && status < 400) return 'redirected';
  if (status === 401 || status === 403) return 'key_refused';
  return status === 400 ? 'bad_request' : `status_${status}`;
}

function later(reason: string, retryAfter: string | undefined): PushOutcome {
  const waitMs = retryAfterMs(retryAfter);
  return { outcome: 'later', reason, ...(waitMs !== undefined && { retryAfterMs: waitMs }) };
}
