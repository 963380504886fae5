import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** All of IPv6 that is given out to anybody (RFC 4291 §2.4): what lies outside has no business on the internet, whatever it is. */
const GIVEN_OUT: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];
/** RFC 6052 §2.1: a translator's way to an IPv4 address, which stands in the last 32 bits. */
const TRANSLATED: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96];

/**
 * Whether an address, as text, is one of the public internet: not of this machine or network, nor a way around that (IPv4 in IPv6, 6to4, Teredo),
 * nor set apart for anything. Where IPv4 is reached through a translator (NAT64), the IPv4 address decides. False for what is no address.
 */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0 || text.includes('%')) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast';
  if (address.match(TRANSLATED)) return new ipaddr.IPv4(address.toByteArray().slice(-4)).range() === 'unicast';
  return address.match(GIVEN_OUT) && address.range() === 'unicast';
}

/** Whether an address, as text, is of this machine. */
export function isLoopbackAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%') && ipaddr.parse(text).range() === 'loopback';
}
