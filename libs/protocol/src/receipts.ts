import { z } from 'zod';
import { pageTokenSchema } from './inbox.js';
import { actionIdSchema, publishedSchema } from './publish.js';
import { timestampSchema } from './timestamp.js';
import { userIdSchema } from './topics.js';

/** How far a notification has come on its way to a person, in this order. */
export const RECEIPT_STAGES = ['stored', 'sent', 'received', 'acked', 'seen', 'read'] as const;
export type ReceiptStage = (typeof RECEIPT_STAGES)[number];

/** Why somebody did not get a notification, or has not yet; and how far it came where they did. */
export const CAUSES = {
  'delivered.read': 'it was read',
  'delivered.seen': 'it was seen',
  'delivered.acked': 'it was shown, as the client acknowledged',
  'delivered.received': 'it was received, as the cursor came back',
  'delivered.sent': 'it was sent, and nothing is known to have come back',
  'delivered.pushed': 'the push service of a device has taken it, and nothing is known to have come back',
  'audience.not_named': 'it names neither this person nor a topic that they follow or read',
  'follow.later': 'this person followed the topic only after it was published',
  'follow.ended': 'this person had ceased to follow the topic before it was published',
  'right.missing': 'the token of this person grants none of its topics, or not from so long ago',
  'category.off': 'the operator has this category off for those who have not chosen',
  'muted.category': 'this person has muted the category',
  'muted.topic': 'this person has muted the topic',
  'quiet.hours': 'it came in the quiet hours of this person',
  'quiet.do_not_disturb': 'this person did not want to be disturbed',
  'withheld.then':
    'a connection of this person came past it without a note that it was sent: it was withheld by their preferences, or by its category, as they were at that moment and may be no longer, unless the note was lost',
  expired: 'its time is over',
  retracted: 'it was taken back',
  collapsed: 'a newer one with the same collapse key took its place',
  archived: 'this person has archived it',
  snoozed: 'this person has put it off',
  retention: 'what this person is connected by reads only what came later, and it can be resumed no longer',
  'connection.none': 'this person is not connected, and nothing is known of a connection since this server began',
  'connection.closed': 'this person is not connected',
  'connection.elsewhere': 'this person is connected, but by nothing that reads it',
  'connection.later': 'what this person is connected by reads only what came later',
  'connection.behind': 'this person is connected, and has not yet come so far',
} as const;
export type Cause = keyof typeof CAUSES;

const causeSchema = z.enum(Object.keys(CAUSES) as [Cause, ...Cause[]]);

/** Why a notification is pushed to none of a person's devices, beside what is a cause of its not reaching them at all. */
export const PUSH_CAUSES = {
  'push.unavailable': 'this server pushes nothing',
  'push.ephemeral': 'it is ephemeral',
  'push.silent': 'it has neither a title nor a body: it is for programs',
  'push.data': 'it has no category, and does not come by this person’s own topic: it is for programs',
  'push.never': 'its category is never pushed',
  'push.own': 'this person has published it',
  'push.acked': 'this person has acknowledged it',
  'push.read': 'this person has read it',
  'push.archived': 'this person has archived it',
  'push.snoozed': 'this person has put it off',
  'push.superseded': 'a newer one has taken its place, or its topics are not followed any more',
  'device.none': 'this person has no device that came before it was published',
  'token.revoked': 'the tokens of this person were voided after their devices were last verified',
} as const;
export type PushCause = keyof typeof PUSH_CAUSES | Cause;

const pushCauseSchema = z.enum([...Object.keys(PUSH_CAUSES), ...Object.keys(CAUSES)] as [PushCause, ...PushCause[]]);

/** What can have become of a push to one device. `cancelled`: it was not wanted any more; `gone`: the device was removed. */
export const PUSH_STATES = ['waiting', 'sent', 'parked', 'cancelled', 'gone'] as const;

/** What was pushed of one notification to one person. */
const explainedPushSchema = z
  .object({
    due: z.object({ at: timestampSchema }).optional().meta({
      description: 'It has not been decided yet to which devices it is pushed: when it will be.',
    }),
    devices: z
      .array(
        z.object({
          device: z.string(),
          state: z.enum(PUSH_STATES).meta({
            description:
              '`sent`: its push service has taken it; `waiting`: for the first or another attempt; `parked`: given up; `cancelled`: not wanted any more; `gone`: the device was removed.',
          }),
          at: timestampSchema.meta({ description: 'Since when it is so, or when it was last tried.' }),
          attempts: z.number().int().nonnegative(),
          reason: z.string().optional(),
          takenBackAt: timestampSchema.optional().meta({ description: 'When the device was told to close it.' }),
        }),
      )
      .meta({ description: 'Those to which it was decided to push it.' }),
    cause: pushCauseSchema.optional().meta({
      description: 'Why it was pushed to none, as it would be decided now. Absent: now it would be, or it is due.',
    }),
    because: z.string().optional().meta({ description: 'The cause in words.' }),
  })
  .meta({ id: 'ExplainedPush', description: 'What was, or will be, pushed to their devices.' });
export type ExplainedPush = z.infer<typeof explainedPushSchema>;

/** What a cause rests on; which members there are depends on it. */
export const evidenceSchema = z.looseObject({
  at: timestampSchema.optional(),
  until: timestampSchema.optional(),
  since: timestampSchema.optional(),
  topic: z.string().optional(),
  category: z.string().optional(),
  transport: z.string().optional(),
  device: z.string().optional(),
  reason: z.string().optional().meta({ description: 'Why the last connection was closed.' }),
  lag: z.number().int().nonnegative().optional().meta({ description: 'Events between its cursor and the newest.' }),
  by: z.string().optional().meta({ description: 'The id of the notification that took its place.' }),
});
export type Evidence = z.infer<typeof evidenceSchema>;

export const explanationSchema = z
  .object({
    id: z.string(),
    user: userIdSchema,
    delivered: z.boolean().meta({
      description:
        'Whether it is known that it was given to this person: over a connection, or to the push service of one of their devices.',
    }),
    cause: causeSchema,
    sentence: z.string(),
    evidence: evidenceSchema,
    inbox: z
      .object({
        listed: z.boolean(),
        cause: causeSchema.optional(),
        until: timestampSchema.optional().meta({ description: 'Until when it is put off.' }),
      })
      .meta({ description: 'Whether their inbox lists it now, asked for no other state, and why if it does not.' }),
    push: explainedPushSchema,
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.infer<typeof explanationSchema>;

export const explainQuerySchema = z.strictObject({ user: userIdSchema });

const stageSchema = z.object({ at: timestampSchema, transport: z.string().optional(), device: z.string().optional() });

export const receiptSchema = z
  .object({
    user: userIdSchema,
    stored: stageSchema,
    sent: stageSchema.optional(),
    received: stageSchema.optional(),
    acked: stageSchema.optional(),
    seen: stageSchema.optional(),
    read: stageSchema.optional(),
    acted: z
      .array(stageSchema.extend({ action: actionIdSchema }))
      .min(1)
      .optional()
      .meta({ description: 'Which of its actions they have chosen, each the first time.' }),
    cause: causeSchema.optional().meta({ description: 'Why it has not been acknowledged, as `explain` says it.' }),
  })
  .meta({ id: 'Receipt', description: 'How far it came on its way to one named person, the first time of each.' });
export type Receipt = z.infer<typeof receiptSchema>;

export const receiptsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  page: pageTokenSchema.optional(),
});

export const receiptListSchema = z
  .object({
    id: z.string(),
    recipients: z.array(receiptSchema).meta({ description: 'The people whom it names, in the publisher’s order.' }),
    topics: z.object({ sent: z.number().int().nonnegative(), acked: z.number().int().nonnegative() }).meta({
      description: 'To those who read its topics: connections to which it was offered, people who acknowledged.',
    }),
    nextPage: z.string().optional(),
  })
  .meta({ id: 'ReceiptList' });
export type ReceiptList = z.infer<typeof receiptListSchema>;

/** How a publish answers when it waits. */
export const publishQuerySchema = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: '`true`: publishes nothing, and says who would get it.' }),
  wait: z.literal('acked').optional().meta({
    description: 'Answers when everybody named has acknowledged it, or after `timeout`; with the receipts.',
  }),
  timeout: z.coerce.number().int().min(1).max(60).default(30).meta({ description: 'Seconds, with `wait`.' }),
});

/** Of routes that would otherwise take no notice of what is asked of others. */
export const noQuerySchema = z.strictObject({});

/** What a publish is answered: with `wait` also how far it came. */
export const waitedPublishedSchema = publishedSchema
  .extend({
    recipients: receiptListSchema.shape.recipients.optional(),
    topics: receiptListSchema.shape.topics.optional(),
  })
  .meta({ id: 'WaitedPublished', description: '`recipients` and `topics` with `wait` alone.' });

const decisionSchema = z.object({
  reaches: z.boolean(),
  cause: causeSchema.optional().meta({ description: 'Why not.' }),
});

export const dryRunSchema = z
  .object({
    recipients: z.array(
      z.object({
        user: userIdSchema,
        live: decisionSchema.extend({ connections: z.number().int().nonnegative() }),
        inbox: decisionSchema,
        push: z.object({
          reaches: z.boolean(),
          cause: pushCauseSchema.optional().meta({ description: 'Why not.' }),
          devices: z.number().int().nonnegative().meta({ description: 'Of theirs to which it would go.' }),
          at: timestampSchema.optional().meta({
            description:
              'When it would, unless the category’s rule lets an acknowledgement prevent it, or it was read.',
          }),
        }),
      }),
    ),
    topics: z.array(
      z.object({
        topic: z.string(),
        connections: z.number().int().nonnegative().meta({ description: 'That read it now.' }),
        followers: z.number().int().nonnegative(),
      }),
    ),
  })
  .meta({ id: 'DryRun', description: 'Who would get it, by what way; decided as delivery decides.' });
export type DryRun = z.infer<typeof dryRunSchema>;
