import { z } from 'zod';
import { selectorSchema, userIdSchema } from './topics.js';

/** As long as the longest topic, and a little more. */
const pageTokenSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,400}$/)
  .optional()
  .meta({ description: 'The page token of an earlier answer.' });

const countSchema = z.number().int().nonnegative();

export const connectionsQuerySchema = z.strictObject({
  user: userIdSchema.optional().meta({ description: 'Only those of this person.' }),
  topic: selectorSchema.optional().meta({ description: 'Only those that read it, by its name or by a wildcard.' }),
  transport: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .meta({ description: 'Only those over this transport.', examples: ['socketio', 'sse', 'websocket', 'polling'] }),
  limit: z.coerce.number().int().min(1).max(200).default(100),
  page: pageTokenSchema,
});

export const connectionSchema = z
  .object({
    id: z.string().meta({ description: 'Known to this process alone, and never given twice.' }),
    transport: z.string(),
    who: z
      .string()
      .optional()
      .meta({
        description: '`user:<id>`, `key:<id>` or `anonymous`. Absent: the client has not said so yet.',
        examples: ['user:u-42'],
      }),
    device: z
      .string()
      .optional()
      .meta({ description: 'The client’s own name of its device. Absent: it has said none.' }),
    since: z.iso.datetime({ precision: 3 }),
    address: z.string().optional().meta({ description: 'Where the client is, as far as proxies are believed.' }),
    topics: z.array(selectorSchema).meta({ description: 'What it reads.' }),
    lag: countSchema.meta({
      description: 'Events of the log between its cursor and the newest, whomever they concern.',
    }),
    pendingBytes: countSchema.meta({ description: 'Of events that wait until its connection has room.' }),
    bytesSent: countSchema.optional().meta({ description: 'Of its connection. Absent: the transport has no count.' }),
    bytesReceived: countSchema.optional(),
  })
  .meta({ id: 'Connection', description: 'A client that is connected now, or waits for the answer to its poll.' });

export const connectionListSchema = z
  .object({ connections: z.array(connectionSchema), nextPage: z.string().optional() })
  .meta({ id: 'ConnectionList' });

export const topicsQuerySchema = z.strictObject({
  prefix: z
    .string()
    .max(255)
    .optional()
    .meta({ description: 'Only topics that begin so.', examples: ['orders/'] }),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  page: pageTokenSchema,
});

export const topicListSchema = z
  .object({
    topics: z
      .array(
        z.object({
          topic: selectorSchema,
          connections: countSchema.meta({ description: 'How many read exactly this.' }),
        }),
      )
      .meta({ description: 'In the order of their names, wildcards as they are.' }),
    nextPage: z.string().optional(),
  })
  .meta({ id: 'TopicList', description: 'What is read now.' });

export const closeTopicQuerySchema = z.strictObject({
  topic: selectorSchema.meta({
    description: 'Those that read exactly this are closed: wildcards stand for themselves.',
  }),
});

export const closedTopicSchema = z
  .object({ closed: countSchema.meta({ description: 'Connections that were closed.' }) })
  .meta({ id: 'ClosedTopic' });

export const disconnectedUserSchema = z
  .object({ disconnected: countSchema.meta({ description: 'Connections that were open.' }) })
  .meta({ id: 'DisconnectedUser' });
