import { z } from 'zod';
import {
  ackedSchema,
  commandSchemas,
  EVENTS,
  followListSchema,
  inboxItemSchema,
  inboxPageSchema,
  inboxSummarySchema,
  markedSchema,
  messageIdSchema,
  openingSchema,
  pingSchema,
  presenceListSchema,
  preferencesSchema,
  problemSchema,
  publishReplySchema,
  publishSchema,
  quietHoursSchema,
  replySchema,
  subscriptionSchema,
  WEB_SOCKET_PROTOCOL,
} from '#clarion/protocol';
import { COMPONENTS, componentSchemas, toJsonSchema, type JsonSchema } from './json-schemas.js';

/** All that a client may ask by a name. */
const COMMANDS = { ...commandSchemas, publish: publishSchema };

/** What the message of a command is called here: some events have the same name on the wire. */
function messageOfCommand(name: string): string {
  return Object.hasOwn(EVENTS, name) ? `${name}-command` : name;
}

/** What commands answer with, beside what is documented of others. */
const ANSWERS = [
  ackedSchema,
  followListSchema,
  inboxItemSchema,
  inboxPageSchema,
  inboxSummarySchema,
  markedSchema,
  preferencesSchema,
  presenceListSchema,
  quietHoursSchema,
];

/** Commands whose acknowledgement is more than "done". */
const REPLIES: Readonly<Record<string, JsonSchema>> = {
  subscribe: toJsonSchema(subscriptionSchema),
  unsubscribe: toJsonSchema(subscriptionSchema),
  publish: toJsonSchema(publishReplySchema),
  presence: toJsonSchema(presenceListSchema),
};

const EVENT_NAMES = Object.keys(EVENTS);
const COMMAND_NAMES = Object.keys(COMMANDS);
const COMMAND_MESSAGES = Object.fromEntries(
  Object.entries(COMMANDS).map(([name, schema]) => [messageOfCommand(name), schema]),
);

/** On a plain WebSocket an event is a member of its frame, and so are a command's name and id. */
const WEB_SOCKET_EVENTS: Readonly<Record<string, z.ZodType>> = Object.fromEntries([
  ...Object.entries(EVENTS).map(([name, data]) => [`websocket.${name}`, z.object({ event: z.literal(name), data })]),
  ['websocket.reply', replySchema],
]);
const WEB_SOCKET_COMMANDS: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries({ ...COMMANDS, ping: pingSchema, open: openingSchema }).map(([name, schema]) => [
    `websocket.${name === 'open' ? 'first-subscribe' : messageOfCommand(name)}`,
    schema
      .safeExtend({ op: z.literal(name === 'open' ? 'subscribe' : name), id: messageIdSchema })
      .meta({ id: undefined }),
  ]),
);

const CHANNELS = {
  sse: {
    address: '/v1/events',
    title: 'Server-Sent Events',
    description:
      'GET with `Accept: text/event-stream`. Notifications have no `event:` field; every other kind has its name there. Whatever fixes a place carries the cursor as `id:`.',
    messages: messagesOf(EVENT_NAMES),
    bindings: { http: { bindingVersion: '0.3.0' } },
  },
  socketio: {
    address: '/socket.io/',
    title: 'Socket.IO',
    description:
      'Default path and namespace. The handshake’s `auth` carries `token`, `topics`, `since` and `device`. What fixes a place ends with the cursor as its last argument; commands are acknowledged. A service may bring its API key in the `Authorization` header, and publish.',
    messages: messagesOf([...EVENT_NAMES, ...Object.keys(COMMAND_MESSAGES)]),
    bindings: { ws: { bindingVersion: '0.1.0' } },
  },
  websocket: {
    address: '/v1/ws',
    title: 'WebSocket',
    description: `Sub-protocol \`${WEB_SOCKET_PROTOCOL}\`, one JSON object a frame. What the address does not say, the first messages do: \`auth\`, then \`subscribe\`. A service brings its API key in the \`Authorization\` header and \`topics=\`, and publishes; the data of such a reply is a \`PublishReply\`.`,
    messages: messagesOf([...Object.keys(WEB_SOCKET_EVENTS), ...Object.keys(WEB_SOCKET_COMMANDS)]),
    bindings: { ws: { bindingVersion: '0.1.0' } },
  },
} as const;

/**
 * The AsyncAPI 3.0 document of what clients hear and, on two-way transports, say: made from the tables by which the server
 * itself encodes and validates.
 * @param basePath below which the addresses are (`/clarion`, or nothing).
 */
export function asyncApiDocument(basePath = ''): JsonSchema {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Clarion events',
      version: '1',
      description:
        'The same events on every transport. Ignore kinds that you do not know. Keep the last cursor; bring it back as `since`.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      Object.entries(CHANNELS).map(([name, channel]) => [name, { ...channel, address: basePath + channel.address }]),
    ),
    operations: {
      hearOverSse: { action: 'send', channel: { $ref: '#/channels/sse' }, messages: references('sse', EVENT_NAMES) },
      hearOverSocketIo: {
        action: 'send',
        channel: { $ref: '#/channels/socketio' },
        messages: references('socketio', EVENT_NAMES),
      },
      hearOverWebSocket: {
        action: 'send',
        channel: { $ref: '#/channels/websocket' },
        messages: references('websocket', Object.keys(WEB_SOCKET_EVENTS)),
      },
      sayOverWebSocket: {
        action: 'receive',
        channel: { $ref: '#/channels/websocket' },
        messages: references('websocket', Object.keys(WEB_SOCKET_COMMANDS)),
      },
      ...Object.fromEntries(COMMAND_NAMES.map((name) => [name, commandOperation(name)])),
    },
    components: {
      messages: Object.fromEntries(
        Object.entries({ ...EVENTS, ...COMMAND_MESSAGES, ...WEB_SOCKET_EVENTS, ...WEB_SOCKET_COMMANDS }).map(
          ([name, schema]) => [name, message(name, toJsonSchema(schema))],
        ),
      ),
      schemas: componentSchemas([
        ...Object.values(EVENTS),
        ...Object.values(COMMANDS),
        subscriptionSchema,
        publishReplySchema,
        presenceListSchema,
        replySchema,
        problemSchema,
        ...ANSWERS,
      ]),
    },
  };
}

function commandOperation(name: string): JsonSchema {
  return {
    action: 'receive',
    channel: { $ref: '#/channels/socketio' },
    messages: references('socketio', [messageOfCommand(name)]),
    description:
      'Acknowledged with what the command answers, or with `{ error }`, where `error` is a problem document.',
    'x-acknowledgement': {
      // What is known of some answers is only that they are objects, as problems are.
      anyOf: [
        REPLIES[name] ?? { type: 'object' },
        { type: 'object', required: ['error'], properties: { error: { $ref: `${COMPONENTS}Problem` } } },
      ],
    },
  };
}

function message(name: string, payload: JsonSchema): JsonSchema {
  return { name, contentType: 'application/json', payload };
}

function messagesOf(names: readonly string[]): Record<string, { $ref: string }> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));
}

function references(channel: string, names: readonly string[]): { $ref: string }[] {
  return names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));
}
