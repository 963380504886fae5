import { isIPv6 } from 'node:net';

const GROUPS = 8;
/** Of these an IPv6 customer has all that follows: RFC 6177 §2, RFC 4291 §2.5.4. */
const NETWORK_GROUPS = 4;
/** An IPv4 address as dual-stack sockets tell it (RFC 4291 §2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** What a trusted proxy may say instead of an address is kept this long. */
const MAX_CHARS = 64;

/**
 * By what limits count an address: IPv4 as it is, IPv6 by its /64 network, since one subscriber has all addresses in it. What is no
 * address counts as the text that it is.
 */
export function addressKey(address: string): string {
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(address) ? `${networkOf(address)}::/64` : address.slice(0, MAX_CHARS);
}

/** Precondition: a valid IPv6 address. Its end may be dotted, which is two groups; its zone says nothing of the network. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('%', 1)[0]!.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const left = GROUPS - before.length - after.length - (address.includes('.') ? 1 : 0);
  const zeros = Array<string>(Math.max(0, left)).fill('0');
  return [...before, ...zeros, ...after]
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
