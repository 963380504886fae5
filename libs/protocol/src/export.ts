import { z } from 'zod';
import { notificationSchema } from './events.js';
import { MARK_STATES } from './inbox.js';
import { preferencesSchema } from './preferences.js';
import { RECEIPT_STAGES } from './receipts.js';
import { timestampSchema } from './timestamp.js';
import { topicSchema, userIdSchema } from './topics.js';

/** `GET /v1/users/{id}/export`. */
export const exportedUserSchema = z
  .object({
    user: userIdSchema,
    notifications: z.array(notificationSchema).meta({ description: 'Addressed to this person, oldest first.' }),
    follows: z.array(z.object({ topic: topicSchema, since: timestampSchema, until: timestampSchema.optional() })),
    marks: z.array(
      z.object({
        state: z.enum(MARK_STATES),
        undone: z.boolean(),
        at: timestampSchema,
        until: timestampSchema.optional(),
        cursor: z.string().optional().meta({ description: 'Of one notification.' }),
        upTo: z.string().optional().meta({ description: 'Of all up to a cursor.' }),
        topic: topicSchema.optional(),
      }),
    ),
    receipts: z.array(
      z.object({
        cursor: z.string(),
        stage: z.enum(RECEIPT_STAGES),
        at: timestampSchema,
        transport: z.string(),
        device: z.string().optional(),
      }),
    ),
    preferences: preferencesSchema.nullable(),
    lastSeenAt: timestampSchema.optional(),
  })
  .meta({ id: 'ExportedUser', description: 'All that is stored of a person.' });
export type ExportedUser = z.infer<typeof exportedUserSchema>;
