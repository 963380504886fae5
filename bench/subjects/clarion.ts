import { API_KEY, clarionProgram, mintToken } from '../clarion.js';
import type { Layout } from '../layout.js';
import { markedPayload } from '../mark.js';
import type { PublishTarget, ReaderTarget, Wants } from '../messages.js';
import { ALONE, singlePosts, topicBody } from '../publish-targets.js';
import type { Subject } from './subject.js';

type Transport = 'sse' | 'websocket' | 'socketio';

const PREFIX = 'bench/';
const SUB_PROTOCOL = 'Sec-WebSocket-Protocol: clarion.v1.json';
/** Notifications in one batch. */
const BATCH = 100;
/** Whom the readers belong to, in turn: nobody may have more than 200 connections. */
const PEOPLE = 100;
/** All lanes that a publisher may have. */
const ALL_LANES = 1_000;

/** Clarion with its default settings, on a fresh database. */
export function clarion(transport: Transport, durability: 'durable' | 'ephemeral'): Subject {
  return {
    server: `Clarion ${durability}`,
    transport,
    program: clarionProgram(),
    doors: async (port, layout) => ({
      ...publishing(port, layout, durability === 'ephemeral'),
      read: reading(transport, port, layout, await tokensOf(port)),
    }),
  };
}

function publishing(
  port: number,
  { payloadBytes, topics }: Layout,
  isEphemeral: boolean,
): Record<'publish' | 'batch' | 'kept', PublishTarget> {
  const headers = { authorization: `Bearer ${API_KEY}` };
  const message = topicBody(PREFIX, markedPayload(payloadBytes), isEphemeral ? '"ephemeral":true,' : '');
  const publish = singlePosts({ port, path: '/v1/notifications', message, topics, headers });
  return {
    publish,
    batch: {
      ...publish,
      path: '/v1/notifications/batch',
      batch: { size: BATCH, before: '{"notifications":[', after: ']}' },
    },
    kept: {
      protocol: 'websocket',
      port,
      path: '/v1/ws?topics=',
      headers: { ...headers, 'sec-websocket-protocol': 'clarion.v1.json' },
      message: `{"op":"publish","id":"{lane}",${message.slice(1)}`,
      topics,
      batch: ALONE,
      lanesPerConnection: ALL_LANES,
    },
  };
}

async function tokensOf(port: number): Promise<string[]> {
  const people = Array.from({ length: PEOPLE }, (_, i) => `reader-${i}`);
  return Promise.all(people.map((person) => mintToken(port, person, [`${PREFIX}*`])));
}

function reading(
  transport: Transport,
  port: number,
  { topics, topicsPerReader }: Layout,
  tokens: string[],
): ReaderTarget {
  const wants: Wants = { topics, topicsPerReader, item: `${PREFIX}{topic}`, separator: ',', tokens };
  switch (transport) {
    case 'sse': {
      const path = '/v1/events?topics={topics}&access_token={token}';
      return { transport, port, wants, path, readyText: 'event: ready' };
    }
    case 'websocket': {
      const path = '/v1/ws?topics={topics}&access_token={token}';
      return { transport, port, wants, path, headers: [SUB_PROTOCOL], readyText: '"event":"ready"' };
    }
    case 'socketio': {
      const connectPacket = '40{"token":"{token}","topics":[{topics}]}';
      return { transport, port, wants: quoted(wants), connectPacket, readyText: '42["ready"' };
    }
  }
}

/** Topics as strings of JSON. */
function quoted(wants: Wants): Wants {
  return { ...wants, item: `"${wants.item}"` };
}
