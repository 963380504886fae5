import { z } from 'zod';
import { cursorSchema } from './cursor.js';
import { selectorSchema, topicSchema } from './topics.js';

const timestampSchema = z.iso.datetime({ precision: 3 }).meta({ description: 'ISO 8601, UTC, milliseconds.' });

/** A notification as one reader gets it. `topic` is the first of the publisher's that this reader may see. */
export const notificationSchema = z
  .object({
    id: z.string(),
    cursor: cursorSchema
      .optional()
      .meta({ description: 'Absent for ephemeral notifications, which have no place in the log.' }),
    topic: topicSchema,
    type: z.string().optional(),
    title: z.string().optional(),
    body: z.string().optional(),
    url: z.string().optional(),
    icon: z.string().optional(),
    data: z.unknown().optional(),
    ephemeral: z.literal(true).optional(),
    collapseKey: z.string().optional(),
    publishedAt: timestampSchema,
  })
  .meta({ id: 'Notification', description: 'Something published to a topic.' });

export const readySchema = z
  .object({ topics: z.array(selectorSchema), cursor: cursorSchema, expiresAt: timestampSchema.optional() })
  .meta({
    id: 'Ready',
    description: 'The session is open: what it reads, from where, and until when its token is valid.',
  });

export const cursorEventSchema = z
  .object({ cursor: cursorSchema })
  .meta({ id: 'CursorMoved', description: 'The session has read up to here, though nothing matched.' });

export const gapSchema = z.object({ reason: z.enum(['unknown', 'retention', 'lag']), cursor: cursorSchema }).meta({
  id: 'Gap',
  description: 'Notifications after the brought cursor are lost; what is still kept follows from `cursor`.',
});

/** Why a connection ends, whether coming back makes sense, and what a WebSocket closes with. */
export const CLOSE_REASONS = {
  'server.draining': { reconnect: true, closeCode: 1001 },
  'token.expired': { reconnect: false, closeCode: 4401 },
  'access.revoked': { reconnect: false, closeCode: 4403 },
  'closed.by_operator': { reconnect: true, closeCode: 4500 },
  overloaded: { reconnect: true, closeCode: 1013 },
  internal: { reconnect: true, closeCode: 1011 },
} as const satisfies Record<string, { reconnect: boolean; closeCode: number }>;

export type CloseReasonName = keyof typeof CLOSE_REASONS;

export const byeSchema = z
  .object({
    reason: z.enum(Object.keys(CLOSE_REASONS) as [CloseReasonName, ...CloseReasonName[]]),
    reconnect: z.boolean().meta({ description: 'Whether to come back with the same credentials.' }),
    retryAfterMs: z
      .number()
      .int()
      .nonnegative()
      .optional()
      .meta({ description: 'Wait so long first; differs between clients.' }),
    use: z.string().optional().meta({ description: 'A transport to come back with.' }),
  })
  .meta({ id: 'Bye', description: 'The server ends this connection.' });

/** Every event a client can get, by name. The AsyncAPI document and the gateways' tests are made from this table. */
export const EVENTS = {
  notification: notificationSchema,
  ready: readySchema,
  cursor: cursorEventSchema,
  gap: gapSchema,
  bye: byeSchema,
} as const;

export type EventName = keyof typeof EVENTS;
export type Notification = z.infer<typeof notificationSchema>;
export type Ready = z.infer<typeof readySchema>;
export type CursorMoved = z.infer<typeof cursorEventSchema>;
export type Gap = z.infer<typeof gapSchema>;
export type GapReason = Gap['reason'];
export type Bye = z.infer<typeof byeSchema>;

/** Events about the session itself; they are made for one reader and never stored. */
export type ControlEvent =
  | { readonly name: 'ready'; readonly data: Ready }
  | { readonly name: 'cursor'; readonly data: CursorMoved }
  | { readonly name: 'gap'; readonly data: Gap }
  | { readonly name: 'bye'; readonly data: Bye };
