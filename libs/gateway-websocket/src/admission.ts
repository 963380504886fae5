import type { IncomingMessage } from 'node:http';
import { ownCookie, type Access, type Principal } from '#clarion/access';
import { DomainError, parseWantedQuery, WEB_SOCKET_PROTOCOL, type Wanted } from '#clarion/protocol';

/** The only version whose Origin is in the header of that name (RFC 6455 §4.1). */
const VERSION = '13';
/** Any of these in the query, or credentials in a header: the client says all that it has to say in its request. */
const PARAMETERS = ['access_token', 'topics', 'topic', 'since', 'priority', 'device'];

/** Who comes, and for what. */
export interface Admission {
  readonly who: Principal;
  readonly wanted: Wanted;
}

/**
 * Judges an upgrade without looking at credentials.
 * @throws {DomainError} `method.unsupported`, `request.invalid`, `origin.forbidden`.
 */
export function assertHandshake({ method, headers }: IncomingMessage, access: Access): void {
  if (method !== 'GET') throw new DomainError('method.unsupported');
  if (headers['sec-websocket-version'] !== VERSION)
    throw new DomainError('request.invalid', `only version ${VERSION} of WebSocket is spoken here`);
  if (!access.isOriginAllowed(headers.origin)) throw new DomainError('origin.forbidden');
  const offered = headers['sec-websocket-protocol'];
  // Whoever offers nothing gets the one protocol that there is; whoever offers others could not understand it.
  if (offered !== undefined && !offered.split(',').some((name) => name.trim() === WEB_SOCKET_PROTOCOL))
    throw new DomainError('request.invalid', `the sub-protocol is ${WEB_SOCKET_PROTOCOL}`);
}

/**
 * Who comes and for what, if the request says so; undefined: nothing is said there, messages will tell.
 * @throws {DomainError} `credentials.missing`, `token.expired`, `token.invalid`, `key.invalid`, `cursor.invalid`, `query.invalid`.
 */
export async function readAdmission(request: IncomingMessage, access: Access): Promise<Admission | undefined> {
  const {
    url = '',
    headers: { authorization },
  } = request;
  const cookie = ownCookie(request);
  const query = new URLSearchParams(url.split('?', 2)[1] ?? '');
  const inHeaders = authorization !== undefined || access.cookieToken(cookie) !== undefined;
  if (!inHeaders && !PARAMETERS.some((name) => query.has(name))) return undefined;
  const wanted = parseWantedQuery(query);
  const who = await access.authenticate({ authorization, accessToken: query.get('access_token') ?? undefined, cookie });
  return { who, wanted };
}
