import { z } from 'zod';
import { publishedSchema } from './publish.js';

/**
 * What a publish over a kept connection is answered: as over REST, where a header says `replayed`. Without `cursor` it was
 * ephemeral and has been handed on (202), with it it is on disk (201).
 */
export const publishReplySchema = publishedSchema
  .extend({
    replayed: z.literal(true).optional().meta({ description: 'This is the first answer to the same idempotency key.' }),
  })
  .meta({ id: 'PublishReply' });
export type PublishReply = z.infer<typeof publishReplySchema>;
