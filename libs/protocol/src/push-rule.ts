import { z } from 'zod';

/** When a notification is pushed to a person's devices. */
export const PUSH_WHEN = ['always', 'ifNotAcked', 'never'] as const;

/** Seconds. */
export const MAX_PUSH_AFTER_S = 86_400;

/** A category's word on when its notifications are pushed. */
export const pushRuleSchema = z
  .strictObject({
    when: z.enum(PUSH_WHEN).meta({
      description:
        '`always`: at once, whoever has acknowledged it; `ifNotAcked`: after `afterS`, unless it was acknowledged or read until then; `never`.',
    }),
    afterS: z
      .number()
      .int()
      .min(0)
      .max(MAX_PUSH_AFTER_S)
      .optional()
      .meta({ description: 'Seconds, with `ifNotAcked`; absent: as the server is configured.' }),
  })
  .refine(({ when, afterS }) => afterS === undefined || when === 'ifNotAcked', {
    message: 'only with ifNotAcked',
    path: ['afterS'],
  })
  .meta({ id: 'PushRule' });
export type PushRule = z.infer<typeof pushRuleSchema>;
