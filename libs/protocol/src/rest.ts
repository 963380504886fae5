import { z } from 'zod';
import { cursorSchema } from './cursor.js';
import { gapSchema, notificationSchema, retractedSchema, updatedSchema } from './events.js';
import { inboxChangeSchema } from './inbox.js';
import { selectorSchema, topicSchema } from './topics.js';

/** A right to read: a selector, optionally only what was published at or after `historyFrom`. */
export const grantSchema = z
  .union([
    selectorSchema,
    z.strictObject({
      selector: selectorSchema,
      historyFrom: z.iso.datetime().meta({ description: 'Nothing older is shown.' }),
    }),
  ])
  .meta({ id: 'Grant' });
export type Grant = z.infer<typeof grantSchema>;

/** Grants that one token may carry. */
export const MAX_GRANTS = 100;

export const mintTokenSchema = z
  .strictObject({
    sub: z
      .string()
      .min(1)
      .max(255)
      .meta({ description: 'The user id: one topic segment.', examples: ['u-42'] }),
    subscribe: z.array(grantSchema).max(MAX_GRANTS).optional(),
    publish: z.array(selectorSchema).max(MAX_GRANTS).optional(),
    presence: z.array(selectorSchema).max(MAX_GRANTS).optional().meta({
      description: 'Of which topics, among those that it reads, it lets its person see who is there. Absent: none.',
    }),
    ttl: z.number().int().min(1).max(31_536_000).default(3_600).meta({ description: 'Seconds.' }),
  })
  .meta({ id: 'MintToken' });
export type MintToken = z.infer<typeof mintTokenSchema>;

export const mintedTokenSchema = z
  .object({ token: z.string(), expiresAt: z.iso.datetime({ precision: 3 }) })
  .meta({ id: 'MintedToken' });

export const historyQuerySchema = z.strictObject({
  topic: topicSchema,
  limit: z.coerce.number().int().min(1).max(100).default(50),
  page: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .meta({ description: 'The page token of an earlier answer.' }),
});
export type HistoryQuery = z.infer<typeof historyQuerySchema>;

export const historySchema = z
  .object({
    notifications: z.array(notificationSchema).meta({ description: 'Newest first.' }),
    nextPage: z.string().optional(),
  })
  .meta({ id: 'History' });

/** How a poll reads, beside what it wants. */
export const eventsQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  wait: z.coerce.number().int().min(0).optional().meta({ description: 'Seconds to wait for the first event.' }),
});

export const pollAnswerSchema = z
  .object({
    events: z
      .array(
        z.discriminatedUnion('event', [
          z.object({ event: z.literal('notification'), data: notificationSchema }),
          z.object({ event: z.literal('updated'), data: updatedSchema }),
          z.object({ event: z.literal('retracted'), data: retractedSchema }),
          z.object({ event: z.literal('inbox'), data: inboxChangeSchema }),
        ]),
      )
      .meta({ description: 'In log order; may be empty.' }),
    cursor: cursorSchema.meta({ description: 'Bring it back as `since`.' }),
    gap: gapSchema.optional(),
  })
  .meta({ id: 'PollAnswer' });
