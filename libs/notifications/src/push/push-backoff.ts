const FIRST_MS = 1_000;
const FACTOR = 4;
const MAX_MS = 3_600_000;
/** A push service that asks for more patience is asked again after that. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * Milliseconds until the next attempt after `attempt` (1 for the first) failed: anything up to 1 s, 4 s, 16 s … an hour, so that what failed
 * together does not come back together ("full jitter"); and never less than the push service asked for, of which a day is believed. By fours:
 * eight attempts, the default, then outlast an outage of an hour; by twos they would be over after a minute.
 * @param random in [0, 1).
 */
export function backoffMs(attempt: number, retryAfterMs = 0, random: () => number = Math.random): number {
  const ceiling = Math.min(FIRST_MS * FACTOR ** (attempt - 1), MAX_MS);
  return Math.max(Math.ceil(random() * ceiling), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}
