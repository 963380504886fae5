import { Socket } from 'node:net';

/** The network connection of an Engine.IO transport that has one of its own, as WebSocket does; undefined: it is polling, or not open. */
export function carrierOf(transport: unknown): Socket | undefined {
  const socket = memberOf(memberOf(transport, 'socket'), '_socket');
  return socket instanceof Socket ? socket : undefined;
}

/** What both libraries keep to themselves, and have in no public way. */
function memberOf(owner: unknown, name: string): unknown {
  return typeof owner === 'object' && owner !== null ? Reflect.get(owner, name) : undefined;
}
