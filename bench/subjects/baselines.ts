import type { Layout } from '../layout.js';
import { markedPayload } from '../mark.js';
import type { PublishTarget, Wants } from '../messages.js';
import { singlePosts, topicBody } from '../publish-targets.js';
import { nodeProgram } from '../server-program.js';
import type { Doors, Subject } from './subject.js';

const nest = nodeProgram('bench/baselines/nest.js');

/** `@Sse()` over one `Subject`; of several topics each reader filters its own. */
export const nestSse: Subject = {
  server: 'Nest @Sse',
  transport: 'sse',
  program: nest,
  doors: async (port, layout) => ({
    ...publishing(port, layout, '/publish/sse'),
    read: {
      transport: 'sse',
      port,
      wants: wantsOf(layout),
      path: layout.topics === 1 ? '/events' : '/events/of?topics={topics}',
      readyText: null,
    },
  }),
};

/** `server.emit` to everybody; of several topics each is a room. */
export const nestGateway: Subject = {
  server: 'Nest gateway',
  transport: 'socketio',
  program: nest,
  doors: async (port, layout) => ({
    ...publishing(port, layout, layout.topics === 1 ? '/publish/socketio' : '/publish/rooms'),
    read: socketIo(port, layout, layout.topics === 1 ? '40' : '40{"topics":[{topics}]}'),
  }),
};

/** Each topic is a room. */
export const socketIoRooms: Subject = {
  server: 'socket.io rooms',
  transport: 'socketio',
  program: nodeProgram('bench/baselines/socketio.js'),
  doors: async (port, layout) => ({
    ...publishing(port, layout, '/publish'),
    read: socketIo(port, layout, '40{"topics":[{topics}]}'),
  }),
};

/** A loop over the WebSockets of a topic, with one frame for all. */
export const wsLoop: Subject = {
  server: 'ws loop',
  transport: 'websocket',
  program: nodeProgram('bench/baselines/ws.js'),
  doors: async (port, layout) => ({
    ...publishing(port, layout, '/publish'),
    read: {
      transport: 'websocket',
      port,
      wants: wantsOf(layout),
      path: '/?topics={topics}',
      headers: [],
      readyText: null,
    },
  }),
};

function socketIo(port: number, layout: Layout, connectPacket: string): Doors['read'] {
  const wants = wantsOf(layout);
  return {
    transport: 'socketio',
    port,
    wants: { ...wants, item: `"${wants.item}"` },
    connectPacket,
    readyText: '40{',
  };
}

function publishing(
  port: number,
  { payloadBytes, topics }: Layout,
  path: string,
): { readonly publish: PublishTarget; readonly batch: null; readonly kept: null } {
  const message = topicBody('bench/', markedPayload(payloadBytes));
  return { publish: singlePosts({ port, path, message, topics }), batch: null, kept: null };
}

function wantsOf({ topics, topicsPerReader }: Layout): Wants {
  return { topics, topicsPerReader, item: 'bench/{topic}', separator: ',' };
}
