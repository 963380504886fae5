import { z } from 'zod';
import { categoryIdSchema } from './categories.js';
import { cursorSchema } from './cursor.js';
import { DomainError, problemSchema, toInputErrors } from './errors.js';
import { userTopic, type Topic } from './topic-grammar.js';
import { topicSchema, userIdSchema } from './topics.js';

/** Topics and people that one publish may name; more go through batch. */
export const MAX_ADDRESSEES = 1_000;
/** Bytes of one publish request's body. */
export const MAX_PUBLISH_BYTES = 256 * 1024;
/** Bytes of a batch request's body. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;
export const MAX_BATCH_ITEMS = 1_000;

/** Fields of the agreed wire format whose behaviour is not built: refused aloud, never accepted and ignored. */
const UNSUPPORTED = ['deliverAt'] as const;

/** How much a notification may disturb: `urgent` reaches people in their quiet hours too. */
export const NOTIFICATION_PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;

/** A year: longer than anything is kept. Seconds. */
const MAX_TTL_S = 31_536_000;

const linkSchema = z
  .string()
  .max(2_048)
  .regex(/^(?:[Hh][Tt][Tt][Pp][Ss]?:\/\/|\/(?!\/))[^\s\p{Cc}]*$/u, 'must be an http(s) URL or an absolute path');

/** Actions that one notification may offer. */
const MAX_ACTIONS = 8;

export const actionIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, { message: 'not an action id: 1–64 of [A-Za-z0-9_.-]' });

export const actionSchema = z
  .strictObject({
    id: actionIdSchema,
    title: z.string().min(1).max(128).meta({ description: 'What the button says.' }),
    url: linkSchema.optional().meta({ description: 'Where choosing it leads.' }),
  })
  .meta({ id: 'Action', description: 'Something to choose: a button.' });
export type Action = z.infer<typeof actionSchema>;

const actionsSchema = z
  .array(actionSchema)
  .min(1)
  .max(MAX_ACTIONS)
  .refine((actions) => new Set(actions.map(({ id }) => id)).size === actions.length, 'ids must differ')
  .meta({ description: 'Buttons; a device shows as many as it can, the page all.' });

/** As sent by people, printable ASCII so that it means the same as header and as field. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1–255 printable ASCII characters without spaces')
  .meta({ description: 'Repeats with the same key and body get the first answer; kept for at least 24 hours.' });

const draftFields = {
  topic: topicSchema.optional(),
  topics: z.array(topicSchema).min(1).max(MAX_ADDRESSEES).optional(),
  user: userIdSchema.optional(),
  users: z.array(userIdSchema).min(1).max(MAX_ADDRESSEES).optional(),
  type: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: 'What happened, for programs.', examples: ['order.shipped'] }),
  title: z.string().min(1).max(1_024).optional(),
  body: z.string().max(65_536).optional(),
  url: linkSchema.optional().meta({ description: 'Where a click leads: http(s) or an absolute path.' }),
  icon: linkSchema.optional(),
  data: z.unknown().optional().meta({ description: 'Any JSON.' }),
  actions: actionsSchema.optional(),
  category: categoryIdSchema
    .optional()
    .meta({ description: 'What kind of notification it is for the people who get it; declared by the operator.' }),
  priority: z.enum(NOTIFICATION_PRIORITIES).optional().meta({
    description: 'How much it may disturb; `urgent` is heard in quiet hours too. Absent: normal.',
  }),
  ttl: z.number().int().min(1).max(MAX_TTL_S).optional().meta({
    description: 'After so many seconds it is neither delivered nor listed any more.',
  }),
  ephemeral: z.boolean().optional().meta({ description: 'Never stored, delivered at most once, to those connected.' }),
  collapseKey: z.string().min(1).max(255).optional().meta({
    description:
      'Of notifications to one topic with the same key the newest takes the place of older unread ones in inboxes. With `ephemeral`: of those that a slow reader missed, the newest per key is kept.',
  }),
  idempotencyKey: idempotencyKeySchema.optional(),
} as const;

/** What `PATCH /v1/notifications/{id}` may change; null takes a member away. */
export const editSchema = z
  .strictObject({
    type: draftFields.type.nullable(),
    title: draftFields.title.nullable(),
    body: draftFields.body.nullable(),
    url: draftFields.url.nullable(),
    icon: draftFields.icon.nullable(),
    data: draftFields.data,
    actions: draftFields.actions.nullable(),
  })
  .refine((edit) => Object.keys(edit).length > 0, 'changes nothing')
  .meta({
    id: 'Edit',
    description:
      'The members to change; `null` takes one away (of `data` it is a value). One of title, type and data must be left.',
  });
export type Edit = z.infer<typeof editSchema>;

/** The body of `POST /v1/notifications`. */
export const publishSchema = z
  .strictObject(draftFields)
  .superRefine((draft, context) => {
    const count = addresseeCount(draft);
    if (count === 0) context.addIssue({ code: 'custom', message: 'names no audience: topic, topics, user or users' });
    if (count > MAX_ADDRESSEES)
      context.addIssue({ code: 'custom', message: `names ${count} addressees, at most ${MAX_ADDRESSEES}` });
    if (draft.title === undefined && draft.type === undefined && draft.data === undefined)
      context.addIssue({ code: 'custom', message: 'one of title, type and data is required' });
  })
  .meta({
    id: 'Publish',
    description: 'A notification to be published. Its audience and one of title, type and data are required.',
  });

export type PublishRequest = z.infer<typeof publishSchema>;

export const batchSchema = z.strictObject({ notifications: z.array(z.unknown()).min(1).max(MAX_BATCH_ITEMS) }).meta({
  id: 'Batch',
  description: '1–1,000 notifications, each judged by itself; the results come in the same order.',
});

export const publishedSchema = z
  .object({ id: z.string(), cursor: cursorSchema.optional().meta({ description: 'Absent for ephemeral ones.' }) })
  .meta({ id: 'Published' });

export const batchResultSchema = z
  .object({
    results: z.array(
      z.union([
        z.object({
          status: z.union([z.literal(201), z.literal(202)]),
          id: z.string(),
          cursor: cursorSchema.optional(),
        }),
        z.object({ status: z.number().int(), error: problemSchema }),
      ]),
    ),
  })
  .meta({ id: 'BatchResult' });

/**
 * Parses one publish body.
 * @throws {DomainError} `field.unsupported` for fields of the agreed format that are not built yet, `body.invalid` for all else.
 */
export function parsePublish(body: unknown): PublishRequest {
  const unsupported = unsupportedFields(body);
  if (unsupported.length > 0)
    throw new DomainError(
      'field.unsupported',
      undefined,
      unsupported.map((name) => ({ pointer: `/${name}`, detail: 'not supported yet' })),
    );
  const parsed = publishSchema.safeParse(body);
  if (!parsed.success) throw new DomainError('body.invalid', undefined, toInputErrors(parsed.error));
  return parsed.data;
}

/** The addressed topics in the publisher's order (topic, topics, user, users), each once. */
export function audienceOf(draft: PublishRequest): Topic[] {
  const topics = new Set<string>();
  if (draft.topic !== undefined) topics.add(draft.topic);
  for (const topic of draft.topics ?? []) topics.add(topic);
  if (draft.user !== undefined) topics.add(userTopic(draft.user));
  for (const user of draft.users ?? []) topics.add(userTopic(user));
  return [...topics] as Topic[];
}

function addresseeCount(draft: { topic?: unknown; topics?: unknown[]; user?: unknown; users?: unknown[] }): number {
  return (
    Number(draft.topic !== undefined) +
    (draft.topics?.length ?? 0) +
    Number(draft.user !== undefined) +
    (draft.users?.length ?? 0)
  );
}

function unsupportedFields(body: unknown): string[] {
  if (typeof body !== 'object' || body === null) return [];
  return UNSUPPORTED.filter((name) => Object.hasOwn(body, name));
}
