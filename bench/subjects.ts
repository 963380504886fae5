import { API_KEY, CLARION, mintToken } from './clarion.js';
import { markedPayload } from './mark.js';
import type { PublishTarget, ReaderTarget } from './messages.js';
import type { ServerProgram } from './server-process.js';

/** The topic that everybody reads. */
const TOPIC = 'bench';
/** Bytes of the JSON in the notification's `data`. What a server adds to it (ids, cursors, times) comes on top. */
export const PAYLOAD_BYTES = 200;

/** Where to publish and how to read, on a running server. */
export interface Doors {
  readonly publish: PublishTarget;
  readonly read: ReaderTarget;
}

/** One thing to be measured: a server, a transport, and how it publishes. */
export interface Subject {
  readonly server: string;
  readonly transport: ReaderTarget['transport'];
  readonly program: ServerProgram;
  /** Readies a server that has just started. */
  doors(port: number): Promise<Doors>;
}

export const subjectName = (subject: Pick<Subject, 'server' | 'transport'>): string =>
  `${subject.server} ${subject.transport}`;

const plainSocketIo: ServerProgram = { module: 'bench/baselines/socketio.js', env: () => ({}) };
const nest: ServerProgram = { module: 'bench/baselines/nest.js', env: () => ({}) };

/** In the order in which they are measured. */
export const SUBJECTS: readonly Subject[] = [
  clarionSubject('sse', 'durable'),
  clarionSubject('sse', 'ephemeral'),
  {
    server: 'Nest @Sse + Subject',
    transport: 'sse',
    program: nest,
    doors: async (port) => ({
      publish: publishTarget(port, '/publish/sse'),
      read: { transport: 'sse', port, path: '/events', readyText: null },
    }),
  },
  clarionSubject('socketio', 'durable'),
  clarionSubject('socketio', 'ephemeral'),
  {
    server: 'Nest gateway server.emit',
    transport: 'socketio',
    program: nest,
    doors: async (port) => ({
      publish: publishTarget(port, '/publish/socketio'),
      read: { transport: 'socketio', port, connectPacket: '40', readyText: '40{' },
    }),
  },
  {
    server: 'socket.io rooms',
    transport: 'socketio',
    program: plainSocketIo,
    doors: async (port) => ({
      publish: publishTarget(port, '/publish'),
      read: {
        transport: 'socketio',
        port,
        connectPacket: `40${JSON.stringify({ topics: [TOPIC] })}`,
        readyText: '40{',
      },
    }),
  },
];

function clarionSubject(transport: ReaderTarget['transport'], durability: 'durable' | 'ephemeral'): Subject {
  return {
    server: `Clarion ${durability}`,
    transport,
    program: CLARION,
    doors: async (port) => ({
      publish: {
        ...publishTarget(port, '/v1/notifications', durability === 'ephemeral'),
        headers: { authorization: `Bearer ${API_KEY}` },
      },
      read: clarionReader(transport, port, await mintToken(port, 'bench-reader', [TOPIC])),
    }),
  };
}

function clarionReader(transport: ReaderTarget['transport'], port: number, token: string): ReaderTarget {
  if (transport === 'sse') {
    const path = `/v1/events?${new URLSearchParams({ topics: TOPIC, access_token: token })}`;
    return { transport, port, path, readyText: 'event: ready' };
  }
  return { transport, port, connectPacket: `40${JSON.stringify({ token, topics: [TOPIC] })}`, readyText: '42["ready"' };
}

/** The same body for every server; only what is never stored must say so. */
function publishTarget(port: number, path: string, ephemeral = false): PublishTarget {
  const body = `{"topic":"${TOPIC}",${ephemeral ? '"ephemeral":true,' : ''}"data":${markedPayload(PAYLOAD_BYTES)}}`;
  return { port, path, headers: {}, body };
}
