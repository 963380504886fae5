const ANY_PORT = /^(?<host>.+):\*$/;
const SERIALISED = /^[a-z][a-z0-9+.-]*:\/\/(?:\[[0-9a-f:.]+\]|[^\s/?#@:[\]*]+)(?::\d{1,5})?$/;
const PORT = /:\d{1,5}$/;

/**
 * Brings an entry of the list into the form in which browsers send origins (RFC 6454 §6.2: lower case, no default port, no
 * path); undefined when it is none. `scheme://host:*` means any port. Neither `*` nor `null` is an origin.
 */
export function normaliseOrigin(entry: string): string | undefined {
  const anyPort = ANY_PORT.exec(entry)?.groups?.['host'];
  if (anyPort === undefined) return serialise(entry);
  const host = serialise(anyPort);
  return host === undefined || PORT.test(host) ? undefined : `${host}:*`;
}

function serialise(entry: string): string | undefined {
  const lower = entry.toLowerCase();
  if (!SERIALISED.test(lower) || !URL.canParse(lower)) return undefined;
  const { origin } = new URL(lower);
  // Schemes of apps (`capacitor:`) have no origin of their own there, and are sent as they are
  return origin === 'null' ? lower : origin;
}

/**
 * Decides which web pages may talk to this server. Compares scheme, host and port exactly, on the serialised origin: nothing is
 * parsed, so nothing can be smuggled in by odd spellings. O(1).
 */
export class AllowedOrigins {
  readonly #exact: ReadonlySet<string>;
  readonly #anyPort: ReadonlySet<string>;

  /** @param entries as {@link normaliseOrigin} gives them. */
  constructor(entries: readonly string[]) {
    this.#exact = new Set(entries.filter((entry) => !entry.endsWith(':*')));
    this.#anyPort = new Set(entries.filter((entry) => entry.endsWith(':*')).map((entry) => entry.slice(0, -2)));
  }

  /** Absent: no browser, or a page of the same origin reading; both allowed. `null` (sandboxed, `file:`) never is. */
  allows(origin: string | undefined): boolean {
    if (origin === undefined) return true;
    return this.#exact.has(origin) || this.#anyPort.has(origin.replace(PORT, ''));
  }
}

/** Names and values of response headers, in lower case. */
export type CorsHeaders = Readonly<Record<string, string>>;

/** What pages of other origins may read of our answers (Fetch §3.3.4). */
const EXPOSED = 'idempotency-replayed, preference-applied, ratelimit, ratelimit-policy, retry-after, x-request-id';
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS = 'authorization, content-type, idempotency-key, last-event-id, prefer';
/** Seconds for which a browser may remember a preflight's answer; Chromium takes no more. */
const PREFLIGHT_MAX_AGE = 7_200;

/** Headers of an answer to a page of an allowed origin; `withCookies`: cookies mean something here. */
export function answerHeaders(origin: string, withCookies: boolean): CorsHeaders {
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': EXPOSED,
    ...(withCookies && { 'access-control-allow-credentials': 'true' }),
  };
}

/** Headers of the answer to an allowed origin's preflight. */
export function preflightHeaders(origin: string, withCookies: boolean): CorsHeaders {
  return {
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    'access-control-allow-origin': origin,
    'access-control-allow-methods': METHODS,
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': String(PREFLIGHT_MAX_AGE),
    ...(withCookies && { 'access-control-allow-credentials': 'true' }),
  };
}
