import type { IncomingHttpHeaders } from 'node:http';

/** Requests that change nothing, whoever had them sent (RFC 9110 §9.2.1). */
const SAFE_METHODS: ReadonlySet<unknown> = new Set(['GET', 'HEAD']);

/**
 * The `Cookie` header of a request that a page of somebody else cannot have caused; of any other undefined, for browsers add it to those as
 * well. Precondition: an `Origin`, if there is one, is allowed.
 *
 * Browsers name the Origin in all that can change something and in all that pages of other sites can read the answer to. Where it is missing
 * `Sec-Fetch-Site` tells (Fetch Metadata §2.3); where that is missing too it is an old browser or none, and only reading goes by the cookie.
 */
export function ownCookie({
  method,
  headers,
}: {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}): string | undefined {
  return isOwn(SAFE_METHODS.has(method), headers.origin, headers['sec-fetch-site']) ? headers.cookie : undefined;
}

function isOwn(safe: boolean, origin: string | undefined, site: unknown): boolean {
  if (origin !== undefined || site === 'same-origin') return true;
  // `none`: a person typed the address. A sibling domain (`same-site`) is somebody else.
  return safe && (site === undefined || site === 'none');
}
