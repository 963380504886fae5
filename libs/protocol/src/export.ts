import { z } from 'zod';
import { notificationSchema } from './events.js';
import { MARK_STATES } from './plain.js';
import { preferencesSchema } from './preferences.js';
import { deviceIdSchema } from './presence.js';
import { actionIdSchema } from './publish.js';
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
    devices: z
      .array(
        z.object({
          id: deviceIdSchema,
          name: z.string().optional(),
          locale: z.string().optional(),
          timeZone: z.string().optional(),
          endpoint: z.string().meta({ description: 'Where its push service takes pushes; without the keys.' }),
          subscribe: z.array(z.object({ selector: z.string(), historyFrom: timestampSchema })).meta({
            description: 'What its token could read when it was last verified, and from when on.',
          }),
          createdAt: timestampSchema,
          verifiedAt: timestampSchema,
          lastSuccessAt: timestampSchema.optional(),
          failures: z.number().int().nonnegative(),
          lastFailure: z.object({ at: timestampSchema, reason: z.string() }).optional(),
        }),
      )
      .meta({ description: 'To which notifications are pushed.' }),
    choices: z
      .array(
        z.object({
          cursor: z.string(),
          action: actionIdSchema,
          at: timestampSchema,
          transport: z.string(),
          device: z.string().optional(),
        }),
      )
      .meta({ description: 'Actions of notifications that this person has chosen.' }),
    lastSeenAt: timestampSchema.optional(),
  })
  .meta({
    id: 'ExportedUser',
    description:
      'What is stored of a person, but for what is only kept to try or repeat something: what became of pushes, and the keys of publishes.',
  });
export type ExportedUser = z.infer<typeof exportedUserSchema>;
