import { z } from 'zod';
import { HttpResponseReader } from '../http-response.js';
import { getRequest, type Conversation, type Errand, type EventListener } from './conversation.js';

const WAIT_S = 30;

const pageSchema = z.object({
  events: z.array(z.object({ event: z.string(), data: z.unknown() })),
  cursor: z.string(),
  gap: z.unknown().optional(),
});

/** One long poll after another on a kept connection; the first of all asks only where the log is. */
export function speakLongPoll(errand: Errand, hear: EventListener, send: (text: string) => void): Conversation {
  let isFirst = true;
  let status = 0;
  let body = '';
  const response = new HttpResponseReader({
    onHead: (code) => void (status = code),
    onBody: (slice) => void (body += slice.toString('latin1')),
    onEnd() {
      if (status !== 200) throw new Error(`a poll was refused with ${status}`);
      const { events, cursor, gap } = pageSchema.parse(JSON.parse(body));
      body = '';
      if (gap !== undefined) hear('gap', gap);
      for (const { event, data } of events) hear(event, data);
      hear(isFirst ? 'ready' : 'cursor', { cursor });
      isFirst = false;
      send(pollRequest({ ...errand, since: cursor }));
    },
  });
  return { hello: pollRequest(errand), push: (piece) => response.push(piece) };
}

function pollRequest({ port, token, topic, since }: Errand): string {
  const query = new URLSearchParams({ topics: topic, ...(since !== null && { since }) });
  const wait = since === null ? [] : [`Prefer: wait=${WAIT_S}`];
  const headers = ['Accept: application/json', `Authorization: Bearer ${token}`, ...wait];
  return getRequest(port, `/v1/events?${query}`, headers);
}
