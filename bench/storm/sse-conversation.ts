import { HttpResponseReader } from '../http-response.js';
import { getRequest, type Conversation, type Errand, type EventListener } from './conversation.js';

/** As a browser's EventSource: the token in the address, the place in `Last-Event-ID`. */
export function speakSse({ port, token, topic, since }: Errand, hear: EventListener): Conversation {
  const query = new URLSearchParams({ topics: topic, access_token: token });
  const place = since === null ? [] : [`Last-Event-ID: ${since}`];
  let rest = '';
  const response = new HttpResponseReader({
    onHead(status) {
      if (status !== 200) throw new Error(`the stream was refused with ${status}`);
    },
    onBody(slice) {
      // What the storm publishes is ASCII.
      const blocks = (rest + slice.toString('latin1')).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) hearBlock(block, hear);
    },
    onEnd() {
      throw new Error('the server ended the stream');
    },
  });
  return {
    hello: getRequest(port, `/v1/events?${query}`, ['Accept: text/event-stream', ...place]),
    push: (piece) => response.push(piece),
  };
}

function hearBlock(block: string, hear: EventListener): void {
  const data = /^data: (.*)$/m.exec(block)?.[1];
  if (data !== undefined) hear(/^event: (.*)$/m.exec(block)?.[1] ?? 'notification', JSON.parse(data));
}
