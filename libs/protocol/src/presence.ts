import { z } from 'zod';
import { timestampSchema } from './timestamp.js';
import { topicSchema, userIdSchema } from './topics.js';

/** A client's own name of the device that it runs on. */
export const deviceIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, { message: 'not a device id: 1–64 of [A-Za-z0-9_.-]' });

export function isDeviceId(text: string): boolean {
  return deviceIdSchema.safeParse(text).success;
}

/** The event `presence`: somebody came or went. */
export const presenceChangeSchema = z
  .object({
    topic: topicSchema,
    user: userIdSchema,
    change: z.enum(['joined', 'left']),
    at: timestampSchema,
  })
  .meta({
    id: 'PresenceChange',
    description:
      'The first device of a person reads the topic, or the last one has ceased to. For those who asked for it; has no place in the log.',
  });
export type PresenceChange = z.infer<typeof presenceChangeSchema>;

export const presenceQuerySchema = z.strictObject({ topic: topicSchema });

/** `GET /v1/presence?topic=`, and the command `presence`. */
export const presenceListSchema = z
  .object({
    topic: topicSchema,
    present: z.array(
      z.object({
        user: userIdSchema,
        devices: z.array(z.object({ id: z.string(), transport: z.string(), since: timestampSchema })),
      }),
    ),
    more: z.literal(true).optional().meta({ description: 'There are more than are listed.' }),
  })
  .meta({ id: 'PresenceList' });

export type PresenceList = z.infer<typeof presenceListSchema>;

/** `GET /v1/users/{id}/presence`. */
export const userPresenceSchema = z
  .object({
    online: z.boolean(),
    devices: z.array(z.object({ id: z.string(), transport: z.string(), since: timestampSchema })),
    lastSeenAt: timestampSchema.optional().meta({ description: 'Of who is not there now.' }),
  })
  .meta({ id: 'UserPresence' });
export type UserPresence = z.infer<typeof userPresenceSchema>;
