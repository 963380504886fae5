import { z } from 'zod';
import { pushRuleSchema } from './push-rule.js';

/** Ways by which a notification reaches a person: over a connection, in the inbox, or pushed to their devices. */
export const CHANNELS = ['live', 'inbox', 'push'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Categories that an operator may declare. */
export const MAX_CATEGORIES = 1_000;

export const categoryIdSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  message: 'not a category: 1–64 of [a-z0-9._-], beginning with a letter or digit',
});

const channelsSchema = z.strictObject({
  live: z.boolean().default(true),
  inbox: z.boolean().default(true),
  push: z.boolean().default(true),
});

/** The body of `PUT /v1/categories/{id}`. */
export const newCategorySchema = z
  .strictObject({
    title: z.string().min(1).max(255).meta({ description: 'For people.' }),
    description: z.string().max(1_024).optional(),
    defaults: channelsSchema
      .default({ live: true, inbox: true, push: true })
      .meta({ description: 'What holds for those who have not chosen.' }),
    locked: z
      .array(z.enum(CHANNELS))
      .max(CHANNELS.length)
      .default([])
      .meta({ description: 'Channels of which people cannot choose: the default holds, in quiet hours too.' }),
    push: pushRuleSchema.optional().meta({ description: 'When it is pushed; absent: `ifNotAcked`.' }),
  })
  .meta({ id: 'NewCategory' });
export type NewCategory = z.infer<typeof newCategorySchema>;

export const categorySchema = newCategorySchema.extend({ id: categoryIdSchema }).meta({ id: 'Category' });
export type Category = z.infer<typeof categorySchema>;

export const categoryListSchema = z.object({ categories: z.array(categorySchema) }).meta({ id: 'CategoryList' });
