import { z } from 'zod';
import { categoryIdSchema } from './categories.js';
import { cursorSchema } from './cursor.js';
import { inboxChangeSchema, inboxSummarySchema } from './inbox.js';
import { presenceChangeSchema, type PresenceChange } from './presence.js';
import { actionSchema, NOTIFICATION_PRIORITIES } from './publish.js';
import { timestampSchema } from './timestamp.js';
import { selectorSchema, topicSchema, userIdSchema } from './topics.js';

/** What a notification says, whoever reads it. */
const contents = {
  topic: topicSchema,
  type: z.string().optional(),
  title: z.string().optional(),
  body: z.string().optional(),
  url: z.string().optional(),
  icon: z.string().optional(),
  data: z.unknown().optional(),
  actions: z.array(actionSchema).optional(),
  category: categoryIdSchema.optional(),
  priority: z.enum(NOTIFICATION_PRIORITIES).optional(),
  ephemeral: z.literal(true).optional(),
  collapseKey: z.string().optional(),
  from: z
    .object({ user: userIdSchema })
    .optional()
    .meta({ description: 'The person whose token published it; said by the server alone. Absent: a service did.' }),
  publishedAt: timestampSchema,
  expiresAt: timestampSchema.optional().meta({ description: 'From then on it is neither delivered nor listed.' }),
  updatedAt: timestampSchema.optional().meta({ description: 'When it was last edited.' }),
} as const;

/** A notification as one reader gets it. `topic` is the first of the publisher's that this reader may see. */
export const notificationSchema = z
  .object({
    id: z.string(),
    cursor: cursorSchema
      .optional()
      .meta({ description: 'Absent for ephemeral notifications, which have no place in the log.' }),
    ...contents,
  })
  .meta({ id: 'Notification', description: 'Something published to a topic.' });

export const updatedSchema = z.object({ id: z.string(), cursor: cursorSchema, ...contents }).meta({
  id: 'Updated',
  description: 'A notification was edited: its newest form, under its own `id`. `cursor` is the place of the edit.',
});

export const retractedSchema = z
  .object({
    id: z.string(),
    cursor: cursorSchema,
    topic: topicSchema,
    from: contents.from,
    retractedAt: timestampSchema,
  })
  .meta({
    id: 'Retracted',
    description:
      'The notification with this `id` was taken back. Who resumes from before it finds this in its place, and once more where it was taken back.',
  });

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
  updated: updatedSchema,
  retracted: retractedSchema,
  inbox: inboxChangeSchema,
  summary: inboxSummarySchema,
  presence: presenceChangeSchema,
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

/** Events about the session itself, and what it asked to be told; never stored. */
export type ControlEvent =
  | { readonly name: 'ready'; readonly data: Ready }
  | { readonly name: 'cursor'; readonly data: CursorMoved }
  | { readonly name: 'gap'; readonly data: Gap }
  | { readonly name: 'presence'; readonly data: PresenceChange }
  | { readonly name: 'bye'; readonly data: Bye };
