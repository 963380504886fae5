import type { ClientOrder, Transport } from './storm-client.js';

/** Of ten clients each: 40 % SSE, 30 % Socket.IO over WebSocket, 20 % WebSocket, 10 % long polls. */
const MIX: readonly Transport[] = [
  'sse',
  'socketio',
  'websocket',
  'sse',
  'polling',
  'socketio',
  'sse',
  'websocket',
  'socketio',
  'sse',
];

/** Who takes part, and what they missed. */
export interface Population {
  readonly port: number;
  /** Of different people; clients share them evenly. */
  readonly tokens: readonly string[];
  /** Clients are spread over so many topics. */
  readonly topics: number;
  /** Notifications that each topic gets while everybody is away. */
  readonly missed: number;
}

export const STORM_TOPICS = 'storm/*';

export function topicNamed(index: number): string {
  return `storm/${index}`;
}

/** The notifications of each topic are numbered on from those of the one before, so that nobody can take another's for its own. */
export function firstNumberOf(topic: number, missed: number): number {
  return topic * missed + 1;
}

/** `count` clients, from number `from` on. */
export function clientsOf({ port, tokens, topics, missed }: Population, from: number, count: number): ClientOrder[] {
  return Array.from({ length: count }, (_, index): ClientOrder => {
    const number = from + index;
    const topic = number % topics;
    return {
      // Both never undefined: the mix and the tokens are not empty.
      transport: MIX[number % MIX.length] ?? 'sse',
      token: tokens[number % tokens.length] ?? '',
      port,
      topic: topicNamed(topic),
      first: firstNumberOf(topic, missed),
      count: missed,
    };
  });
}
