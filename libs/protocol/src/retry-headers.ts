import { ERRORS, type DomainError, type ErrorCode } from './errors.js';

/** Seconds after which trying again makes sense where the error itself does not know better; codes that are not named: 1. */
const RETRY_AFTER_S: Partial<Record<ErrorCode, number>> = { draining: 5 };
/** Statuses whose answers say when to come back (RFC 6585 §4, RFC 9110 §15.6.4). */
const SAYING_WHEN: ReadonlySet<number> = new Set([429, 503]);

/**
 * The headers of an HTTP answer that say when to try again, in lower case: `retry-after` (RFC 9110 §10.2.3) for 429 and 503, and where a
 * limit was reached which one it was (draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` and `RateLimit`).
 */
export function retryHeaders({ code, again }: DomainError): Readonly<Record<string, string>> {
  if (!SAYING_WHEN.has(ERRORS[code].status)) return {};
  const seconds = again === undefined ? (RETRY_AFTER_S[code] ?? 1) : Math.max(1, Math.ceil(again.retryAfterMs / 1_000));
  if (again?.limit === undefined) return { 'retry-after': String(seconds) };
  const { name, quota, windowS } = again.limit;
  return {
    'retry-after': String(seconds),
    ratelimit: `"${name}";r=0;t=${seconds}`,
    'ratelimit-policy': `"${name}";q=${quota}${windowS > 0 ? `;w=${windowS}` : ''}`,
  };
}
