import type { IncomingHttpHeaders } from 'node:http';

/** Why an address is not asked at all. Stable words for health, metrics and logs. */
export type ForbiddenReason =
  /** No absolute URL, or one that readers could understand in two ways. */
  | 'url_invalid'
  /** Not https. */
  | 'scheme_forbidden'
  /** User name or password in it. */
  | 'userinfo_forbidden'
  /** Not on the list. */
  | 'host_forbidden'
  /** On the list, with another port. */
  | 'port_forbidden'
  /** It leads to an address that is not of the public internet. */
  | 'address_forbidden';

/** Why there is no answer. Stable words. */
export type FailureReason =
  | 'timeout'
  | 'aborted'
  | 'host_unresolved'
  | 'connection_refused'
  | 'connection_broken'
  | 'unreachable'
  | 'tls_failed'
  /** Not HTTP, or more headers than are read. */
  | 'answer_invalid';

/** What came of one request. */
export type EgressOutcome =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      /** As far as it was read. */
      readonly body: Buffer;
      /** Whether there was more, or it did not come to its end in time. */
      readonly truncated: boolean;
    }
  | { readonly outcome: 'forbidden'; readonly reason: ForbiddenReason }
  | { readonly outcome: 'failed'; readonly reason: FailureReason };

/** Thrown into a connection that would lead where nobody may go. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
}

/** The name could not be resolved. */
export class UnresolvedHost extends Error {
  override readonly name = 'UnresolvedHost';
}

const REASONS: Readonly<Record<string, FailureReason>> = {
  ECONNREFUSED: 'connection_refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'timeout',
  EPROTO: 'tls_failed',
};
/** OpenSSL's and Node's own names for what is wrong with a certificate or a handshake. */
const TLS_CODES =
  /^(?:ERR_TLS|ERR_SSL|CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|DEPTH_ZERO|SELF_SIGNED|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH)/;

/** What an error of a connection says, in our words; its text may name hosts and addresses, and goes nowhere. */
export function outcomeOf(error: Error): Exclude<EgressOutcome, { outcome: 'answered' }> {
  if (error instanceof ForbiddenAddress) return { outcome: 'forbidden', reason: 'address_forbidden' };
  if (error instanceof UnresolvedHost) return { outcome: 'failed', reason: 'host_unresolved' };
  const code = codeOf(error);
  if (TLS_CODES.test(code)) return { outcome: 'failed', reason: 'tls_failed' };
  if (code.startsWith('HPE_')) return { outcome: 'failed', reason: 'answer_invalid' };
  return { outcome: 'failed', reason: REASONS[code] ?? 'connection_broken' };
}

/** Of several addresses that were tried Node gives one error with all theirs. */
export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
