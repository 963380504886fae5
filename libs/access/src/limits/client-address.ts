import type { IncomingMessage } from 'node:http';
import proxyAddress, { compile } from '@fastify/proxy-addr';

/** Undefined: there is none, as of a connection that has ended or is no TCP. */
export type ClientAddress = (request: IncomingMessage) => string | undefined;

/**
 * Who the client of a request is, by the rules (and the code) of Fastify's `request.ip`, also for requests that Fastify never sees: the
 * address that the connection comes from, or, if that is a trusted proxy's, the one that it names in `X-Forwarded-For`, and so on. What
 * anybody else says of its own address does not count.
 * @param trustProxy nobody (false), everybody (true), or addresses and networks.
 */
export function clientAddressBy(trustProxy: boolean | readonly string[]): ClientAddress {
  if (trustProxy === false) return ({ socket }) => socket.remoteAddress;
  const trusts = trustProxy === true ? () => true : compile([...trustProxy]);
  return (request) => proxyAddress(request, trusts);
}
