import { z } from 'zod';
import { problemSchema } from './errors.js';

/** The sub-protocol (RFC 6455 §1.9): one JSON object a frame, text only. */
export const WEB_SOCKET_PROTOCOL = 'clarion.v1.json';

/** Chosen by the client; the reply repeats it. */
export const messageIdSchema = z.union([z.string().min(1).max(64), z.int()]);
export type MessageId = z.infer<typeof messageIdSchema>;

/** What a client sends: `op` says which other members there are. */
export const requestSchema = z.looseObject({ id: messageIdSchema, op: z.string().min(1).max(64) });

/** `ping`, which is answered as soon as what came before it is done. */
export const pingSchema = z.strictObject({}).meta({ id: 'Ping' });

/** The first `subscribe` of a client that brought nothing in its address: what it reads, as elsewhere in the query. */
export const openingSchema = z
  .strictObject({
    topics: z.array(z.string()).optional().meta({ description: 'Absent: `users/me`; empty: none.' }),
    since: z.string().optional().meta({ description: 'A cursor, or `earliest`; absent: from now on.' }),
    priority: z.string().optional().meta({ description: '`low` or `normal`.' }),
    device: z.string().optional().meta({ description: 'The client’s own name of its device.' }),
  })
  .meta({ id: 'Opening' });

/** The answer to one message; `id` is null when the message had none that could be read. */
export const replySchema = z
  .discriminatedUnion('ok', [
    z.object({
      event: z.literal('reply'),
      id: messageIdSchema.nullable(),
      ok: z.literal(true),
      data: z.unknown().optional(),
    }),
    z.object({
      event: z.literal('reply'),
      id: messageIdSchema.nullable(),
      ok: z.literal(false),
      error: problemSchema,
    }),
  ])
  .meta({ id: 'Reply' });
export type Reply = z.infer<typeof replySchema>;
