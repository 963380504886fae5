import { z } from 'zod';
import { categoryIdSchema } from './categories.js';
import { cursorSchema } from './cursor.js';
import { MARK_STATES, MAX_COUNT } from './plain.js';
import { deviceIdSchema } from './presence.js';
import { actionIdSchema } from './publish.js';
import { clientTimeSchema, timestampSchema } from './timestamp.js';
import { topicSchema } from './topics.js';

/** Ids that one mark or acknowledgement may name. */
export const MAX_IDS = 1_000;

export const notificationIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\x21-\x7e]+$/, 'not an id');

export const pageTokenSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .meta({ description: 'The page token of an earlier answer.' });

/** `POST /v1/me/marks`, and the command `mark`. */
export const markSchema = z
  .strictObject({
    state: z.enum(MARK_STATES),
    undo: z.boolean().optional().meta({ description: 'Takes the mark back.' }),
    until: clientTimeSchema.optional().meta({ description: 'Of `snoozed`, and required there: when it comes back.' }),
    ids: z.array(notificationIdSchema).min(1).max(MAX_IDS).optional(),
    upTo: cursorSchema.optional().meta({ description: 'All up to here; instead of `ids`.' }),
    topic: topicSchema.optional().meta({ description: 'With `upTo`: only what came by this topic.' }),
    at: clientTimeSchema.optional().meta({
      description:
        'When it was done on the device; absent, or in the future: now. Of all that is said of a notification the latest counts.',
    }),
  })
  .superRefine((mark, context) => {
    if ((mark.ids === undefined) === (mark.upTo === undefined))
      context.addIssue({ code: 'custom', message: 'either ids or upTo is required' });
    if (mark.topic !== undefined && mark.upTo === undefined)
      context.addIssue({ code: 'custom', message: 'only with upTo', path: ['topic'] });
    const untilIsDue = mark.state === 'snoozed' && mark.undo !== true;
    if ((mark.until !== undefined) !== untilIsDue)
      context.addIssue({ code: 'custom', message: 'required to snooze, and there alone', path: ['until'] });
  })
  .meta({ id: 'Mark', description: 'Marks notifications of the inbox, by their ids or up to a cursor.' });
export type MarkRequest = z.infer<typeof markSchema>;

export const markedSchema = z
  .object({
    changed: z.boolean().meta({ description: 'False: all of it had been said already, or something later.' }),
    cursor: cursorSchema.optional().meta({ description: 'The place of the event `inbox`; absent if nothing changed.' }),
  })
  .meta({ id: 'Marked' });

/** What is listed: `inbox` is all that is neither archived nor snoozed. */
export const INBOX_FILTERS = ['inbox', 'unread', 'read', 'unseen', 'archived', 'snoozed', 'all'] as const;
export type InboxFilter = (typeof INBOX_FILTERS)[number];

const listFields = {
  state: z.enum(INBOX_FILTERS).optional().meta({
    description:
      '`inbox` (if absent): neither archived nor snoozed; `unread`, `read`, `unseen`: of these; `archived`, `snoozed`, `all`.',
  }),
  category: categoryIdSchema.optional(),
  topic: topicSchema.optional().meta({ description: 'Only what came by this topic; `users/me` is oneself.' }),
  page: pageTokenSchema.optional(),
} as const;

export const inboxQuerySchema = z.strictObject({
  ...listFields,
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
/** The command `inbox`. */
export const inboxCommandSchema = z
  .strictObject({ ...listFields, limit: z.number().int().min(1).max(100).default(50) })
  .meta({ id: 'InboxCommand' });
export type InboxQuery = z.infer<typeof inboxQuerySchema>;

/** A notification as its event has it, and what the person has said of it. */
export const inboxItemSchema = z
  .object({
    notification: z.looseObject({ id: z.string(), cursor: cursorSchema, topic: topicSchema }).meta({
      description: 'As the event `notification` has it.',
    }),
    seenAt: timestampSchema.optional(),
    readAt: timestampSchema.optional(),
    archivedAt: timestampSchema.optional(),
    snoozedUntil: timestampSchema.optional(),
    chosen: z
      .array(z.object({ action: actionIdSchema, at: timestampSchema }))
      .optional()
      .meta({ description: 'Which of its actions this person has chosen, on whatever device, by time. Absent: none.' }),
  })
  .meta({ id: 'InboxItem' });

export const inboxPageSchema = z
  .object({
    items: z.array(inboxItemSchema).meta({ description: 'Newest first; a page may be short though more follow.' }),
    nextPage: z.string().optional(),
  })
  .meta({ id: 'InboxPage' });

const countSchema = z
  .object({ count: z.number().int().min(0).max(MAX_COUNT), more: z.literal(true).optional() })
  .meta({ id: 'Count', description: 'Exact up to 1,000; beyond it `more`.' });
export type Count = z.infer<typeof countSchema>;

/** `GET /v1/me/inbox/summary`, the command `summary`, and the event of that name. */
export const inboxSummarySchema = z
  .object({
    unseen: countSchema.meta({ description: 'Neither seen nor read.' }),
    unread: countSchema,
  })
  .meta({ id: 'Summary', description: 'How much of the inbox is new; what is archived or snoozed does not count.' });
export type InboxSummary = z.infer<typeof inboxSummarySchema>;

/** The event `inbox`: what a person did on one device, for all of their devices. */
export const inboxChangeSchema = z
  .object({
    id: z.string(),
    cursor: cursorSchema,
    topic: topicSchema,
    change: z.enum(['marked', 'followed', 'unfollowed', 'preferences', 'chosen', 'device']),
    mark: z
      .object({
        state: z.enum(MARK_STATES),
        undo: z.literal(true).optional(),
        until: timestampSchema.optional(),
        ids: z.array(z.string()).optional(),
        upTo: cursorSchema.optional(),
        topic: topicSchema.optional(),
      })
      .optional()
      .meta({ description: 'Of `marked`.' }),
    followed: topicSchema.optional().meta({ description: 'Of `followed` and `unfollowed`.' }),
    chosen: z.object({ id: notificationIdSchema, action: actionIdSchema }).optional().meta({
      description: 'Of `chosen`: the notification, and which of its actions.',
    }),
    device: z
      .object({ id: deviceIdSchema, removed: z.enum(['asked', 'gone']).optional() })
      .optional()
      .meta({
        description: 'Of `device`: it was registered; or removed, as `asked` or because its subscription is `gone`.',
      }),
    at: timestampSchema,
  })
  .meta({
    id: 'InboxChange',
    description: 'What a person did on one device, or what became of one, on their own topic.',
  });
export type InboxChange = Omit<z.infer<typeof inboxChangeSchema>, 'id' | 'cursor' | 'topic'>;

export const followSchema = z.strictObject({ topic: topicSchema }).meta({ id: 'Follow' });

export const followListSchema = z
  .object({
    follows: z.array(z.object({ topic: topicSchema, since: timestampSchema })).meta({ description: 'By topic.' }),
  })
  .meta({ id: 'FollowList' });

/** `POST /v1/me/acks`, and the command `ack`. */
export const ackSchema = z
  .strictObject({ ids: z.array(notificationIdSchema).min(1).max(MAX_IDS) })
  .meta({ id: 'Ack', description: 'These notifications were shown to the person.' });

const CHOSEN = 'One of the actions of this notification was chosen: so it was shown, too.';

/** `POST /v1/me/choices`. */
export const choiceSchema = z
  .strictObject({ id: notificationIdSchema, action: actionIdSchema })
  .meta({ id: 'Choice', description: CHOSEN });

/** The command `choose`. Over a WebSocket `id` is the request's. */
export const chooseCommandSchema = z
  .strictObject({ notification: notificationIdSchema, action: actionIdSchema })
  .meta({ id: 'ChooseCommand', description: CHOSEN });

export const ackedSchema = z
  .object({ acked: z.number().int().min(0).meta({ description: 'How many were not acknowledged before.' }) })
  .meta({ id: 'Acked' });
