import { z } from 'zod';
import { categoryIdSchema, MAX_CATEGORIES } from './categories.js';
import { MAX_FOLLOWS } from './plain.js';
import { timeZoneSchema } from './locality.js';
import { clientTimeSchema, timestampSchema } from './timestamp.js';
import type { Topic } from './topic-grammar.js';
import { topicSchema } from './topics.js';

const timeOfDaySchema = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'not a time of day: HH:MM')
  .meta({ examples: ['22:00'] });

/** ISO 8601: 1 is Monday. */
const weekdaySchema = z.number().int().min(1).max(7);

export const quietHoursSchema = z
  .strictObject({
    from: timeOfDaySchema,
    to: timeOfDaySchema.meta({ description: 'On the next day if it is not later than `from`.' }),
    timeZone: timeZoneSchema,
    days: z.array(weekdaySchema).min(1).max(7).optional().meta({
      description: 'On which days they begin, 1 is Monday; absent: every day.',
    }),
  })
  .meta({ id: 'QuietHours' });
export type QuietHours = z.infer<typeof quietHoursSchema>;

const choiceSchema = z.strictObject({
  live: z.boolean().optional(),
  inbox: z.boolean().optional(),
  push: z.boolean().optional(),
});

/** Times are told, and not taken: what was got can be put as it is. */
const putChoiceSchema = choiceSchema
  .extend({ since: timestampSchema.optional().meta({ description: 'Not looked at.' }) })
  .transform((choice) => {
    const { since: _, ...chosen } = choice;
    return chosen;
  });
const mutedTopicSchema = z.object({ topic: topicSchema, since: timestampSchema });
const asTold = z.strictObject({ topic: topicSchema, since: timestampSchema.optional() });
const putMutedSchema: z.ZodType<Topic> = z.union([topicSchema, asTold.transform(({ topic }): Topic => topic)]);

/** The body of `PUT /v1/me/preferences`: all of them; what is absent is as the operator has it. */
export const wantedPreferencesSchema = z
  .strictObject({
    categories: z
      .record(categoryIdSchema, putChoiceSchema)
      .default({})
      .refine((choices) => Object.keys(choices).length <= MAX_CATEGORIES, 'too many'),
    mutedTopics: z.array(putMutedSchema).max(MAX_FOLLOWS).default([]),
    quietHours: quietHoursSchema.nullable().default(null),
    doNotDisturbUntil: clientTimeSchema.nullable().default(null),
    presence: z.enum(['visible', 'hidden']).default('visible'),
  })
  .meta({ id: 'WantedPreferences' });
export type WantedPreferences = z.infer<typeof wantedPreferencesSchema>;

/** What `GET /v1/me/preferences` answers. */
export const preferencesSchema = z
  .object({
    categories: z.record(categoryIdSchema, choiceSchema.extend({ since: timestampSchema })),
    mutedTopics: z.array(mutedTopicSchema),
    quietHours: quietHoursSchema.nullable(),
    doNotDisturbUntil: timestampSchema.nullable(),
    presence: z.enum(['visible', 'hidden']),
  })
  .meta({ id: 'Preferences', description: 'What a person has chosen, and since when.' });
export type Preferences = z.infer<typeof preferencesSchema>;
