import { Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { isIPv6 } from 'node:net';
import { ForbiddenAddress, UnresolvedHost } from './outcome.js';

/** All addresses of a host. It throws, or resolves with none, when there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** One question to one name server, at first; and how often it is put. Milliseconds. */
const QUESTION = { timeout: 2_500, tries: 2 };
/** Of more addresses no further ones are tried. */
const MAX_TRIED = 6;

/**
 * Asks the name servers themselves: neither `/etc/hosts` nor a search domain makes a public name a private one, and a name server that does not
 * answer takes none of the few threads that files and Node's own lookups share. IPv4 comes first.
 */
export const resolveByDns: Resolve = async (host) => {
  // Anew each time: it reads the system's name servers when it is made.
  const resolver = new Resolver(QUESTION);
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
};

/**
 * A lookup for connections that gives out what it has checked, and only if every address of the host may be connected to: a name with a public and a
 * private address would otherwise reach the private one every now and then.
 */
export function checkedLookup(
  resolve: Resolve,
  mayConnect: (host: string, address: string) => boolean,
): LookupFunction {
  const addressesOf = async (host: string): Promise<readonly string[]> => {
    const addresses = await resolve(host).catch(() => []);
    if (addresses.length === 0) throw new UnresolvedHost();
    if (!addresses.every((address) => mayConnect(host, address))) throw new ForbiddenAddress();
    return addresses.slice(0, MAX_TRIED);
  };
  return (host, options, callback) => {
    addressesOf(host).then(
      (addresses) => {
        const [first = ''] = addresses;
        if (options.all === true) callback(null, addresses.map(withFamily));
        else callback(null, first, withFamily(first).family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

function withFamily(address: string): { address: string; family: number } {
  return { address, family: isIPv6(address) ? 6 : 4 };
}
