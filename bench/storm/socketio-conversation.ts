import { z } from 'zod';
import { WebSocketOpening } from '../websocket-opening.js';
import type { Conversation, Errand, EventListener } from './conversation.js';
import { WebSocketTalk } from './websocket-talk.js';

/** Engine.IO packets (protocol 4), and Socket.IO's (protocol 5) in Engine.IO's `message`. */
const PACKET = { open: '0', ping: '2', pong: '3', connect: '40', event: '42', refused: '44' } as const;

const eventSchema = z.tuple([z.string(), z.unknown()], z.unknown());

/** Socket.IO over WebSocket; comes back as the stock client does, with the private id and the offset of what it had. */
export function speakSocketIo(
  { port, token, topic, since }: Errand,
  hear: EventListener,
  send: (bytes: Buffer) => void,
): Conversation {
  const place = since === null ? {} : { pid: 'of-a-server-that-is-gone', offset: since };
  const auth = JSON.stringify({ token, topics: [topic], ...place });
  const onText = (text: string): void => {
    if (text.startsWith(PACKET.event)) {
      const [name, data] = eventSchema.parse(JSON.parse(text.slice(PACKET.event.length)));
      hear(name, data);
    } else if (text.startsWith(PACKET.refused)) throw new Error(`the namespace refused: ${text.slice(0, 200)}`);
    else if (text.startsWith(PACKET.open)) talk.say(PACKET.connect + auth);
    else if (text === PACKET.ping) talk.say(PACKET.pong);
  };
  const talk = new WebSocketTalk(new WebSocketOpening(port, '/socket.io/?EIO=4&transport=websocket'), onText, send);
  return talk;
}
