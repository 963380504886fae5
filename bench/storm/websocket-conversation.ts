import { z } from 'zod';
import { WebSocketOpening } from '../websocket-opening.js';
import type { Conversation, Errand, EventListener } from './conversation.js';
import { WebSocketTalk } from './websocket-talk.js';

const messageSchema = z.object({ event: z.string(), data: z.unknown() });

/** `/v1/ws`, with everything in the address, as in a browser. */
export function speakWebSocket(
  { port, token, topic, since }: Errand,
  hear: EventListener,
  send: (bytes: Buffer) => void,
): Conversation {
  const query = new URLSearchParams({ topics: topic, access_token: token, ...(since !== null && { since }) });
  const opening = new WebSocketOpening(port, `/v1/ws?${query}`, ['Sec-WebSocket-Protocol: clarion.v1.json']);
  const onText = (text: string): void => {
    const { event, data } = messageSchema.parse(JSON.parse(text));
    hear(event, data);
  };
  return new WebSocketTalk(opening, onText, send);
}
