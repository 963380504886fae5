import { ONE_TOPIC } from './layout.js';
import { nestGateway, nestSse, socketIoRooms, wsLoop } from './subjects/baselines.js';
import { clarion } from './subjects/clarion.js';
import { nats } from './subjects/nats.js';
import { nchan } from './subjects/nchan.js';
import type { Subject } from './subjects/subject.js';

export type { Subject } from './subjects/subject.js';

/** Bytes of the JSON in the notification's `data` where nothing else is said. What a server adds to it (ids, cursors, times) comes on top. */
export const PAYLOAD_BYTES = ONE_TOPIC.payloadBytes;

export const subjectName = (subject: Pick<Subject, 'server' | 'transport'>): string =>
  `${subject.server} ${subject.transport}`;

/** In the order in which they are measured. */
export const SUBJECTS: readonly Subject[] = [
  clarion('sse', 'durable'),
  clarion('sse', 'ephemeral'),
  nestSse,
  nchan('sse'),
  clarion('websocket', 'durable'),
  clarion('websocket', 'ephemeral'),
  wsLoop,
  nchan('websocket'),
  clarion('socketio', 'durable'),
  clarion('socketio', 'ephemeral'),
  nestGateway,
  socketIoRooms,
  nats,
];
