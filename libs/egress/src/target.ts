import { isIP } from 'node:net';
import type { HostList } from './host-list.js';
import type { ForbiddenReason } from './outcome.js';
import { isLoopbackAddress } from './public-address.js';

/** Where a request goes: taken from the one reading of an address that was judged, so that nobody reads it anew, and otherwise. */
export interface Target {
  readonly secure: boolean;
  /** A name in lower case and ASCII, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
  /** RFC 6454: `https://push.example`, with the port when it is not the scheme's. */
  readonly origin: string;
  /** The origin without the scheme: what is counted together. */
  readonly authority: string;
}

export type Judgement =
  { readonly ok: true; readonly target: Target } | { readonly ok: false; readonly reason: ForbiddenReason };

export interface TargetRules {
  readonly hosts: HostList;
  /** Whether a literal address may be connected to. */
  readonly mayConnect: (host: string, address: string) => boolean;
  /** Whether hosts of this machine may be asked, on any port and without TLS, whatever the list says: for tests. */
  readonly loopback: boolean;
}

const MAX_LENGTH = 8_192;
/** Printable ASCII without the backslash, which some read as a slash. */
const PLAIN = /^[\x21-\x5b\x5d-\x7e]+$/;

/** Judges an address as far as it can be judged without asking anybody where its host is. */
export function judge(address: string, { hosts, mayConnect, loopback }: TargetRules): Judgement {
  const url = address.length <= MAX_LENGTH && PLAIN.test(address) ? urlIn(address) : undefined;
  if (url === undefined || url.hash !== '' || address.includes('#')) return refused('url_invalid');
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  if (!isWeb) return refused('scheme_forbidden');
  if (url.username !== '' || url.password !== '' || authorityIn(address).includes('@'))
    return refused('userinfo_forbidden');
  const target = targetOf(url);
  if (loopback && isLoopbackHost(target.host)) return { ok: true, target };
  if (!target.secure) return refused('scheme_forbidden');
  const reason = hostFault(target, hosts, mayConnect);
  return reason === undefined ? { ok: true, target } : refused(reason);
}

/** Of this machine by name or by address. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host);
}

/** `new URL` has read decimal, octal, hexadecimal and short forms, and digits of other scripts: what is an address is written like one here. */
function hostFault(
  { host, port }: Target,
  hosts: HostList,
  mayConnect: TargetRules['mayConnect'],
): ForbiddenReason | undefined {
  // A last dot names the same host, but nobody's certificate, and no entry of the list.
  if (host === '' || host.endsWith('.')) return 'host_forbidden';
  if (isIP(host) !== 0 && !mayConnect(host, host)) return 'address_forbidden';
  if (!hosts.names(host)) return 'host_forbidden';
  return hosts.allows(host, port, STANDARD_PORT.https) ? undefined : 'port_forbidden';
}

const STANDARD_PORT = { http: 80, https: 443 };

function targetOf(url: URL): Target {
  const secure = url.protocol === 'https:';
  return {
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? STANDARD_PORT[secure ? 'https' : 'http'] : Number(url.port),
    path: `${url.pathname}${url.search}`,
    origin: url.origin,
    authority: url.host,
  };
}

function urlIn(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** As it stands there: an empty user name is none to `URL`. */
function authorityIn(address: string): string {
  return /^[a-z][a-z0-9+.-]*:\/*([^/?#]*)/i.exec(address)?.[1] ?? '';
}

function refused(reason: ForbiddenReason): Judgement {
  return { ok: false, reason };
}
