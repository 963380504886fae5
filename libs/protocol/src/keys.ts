import { z } from 'zod';
import { ADMINISTRATIVE_ACTS } from './plain.js';
import { MAX_GRANTS } from './rest.js';
import { isUserId } from './topic-grammar.js';
import { selectorSchema } from './topics.js';

/** A user id, all of them (`*`), or all that begin so (`team-7.*`): a wildcard stands at the end alone. */
function isUserPattern(text: string): boolean {
  return isUserId(text.endsWith('*') ? `${text.slice(0, -1)}x` : text);
}

const selectorsSchema = z.array(selectorSchema).max(MAX_GRANTS);

const mintRightsSchema = z.strictObject({
  users: z
    .array(
      z
        .string()
        .max(255)
        .refine(isUserPattern, { message: 'not a user id, `*`, or the beginning of user ids and `*`' })
        .meta({ examples: ['*', 'u-42', 'team-7.*'] }),
    )
    .min(1)
    .max(MAX_GRANTS)
    .meta({ description: 'Whose tokens: user ids, `*` for everybody, or a beginning and `*`.' }),
  subscribe: selectorsSchema.default([]).meta({
    description: 'What such a token may grant to read, beside the person’s own topic, which it always does.',
  }),
  publish: selectorsSchema.default([]).meta({ description: 'Where such a token may let its person publish.' }),
  presence: selectorsSchema.optional().meta({
    description: 'Of which topics such a token may let its person see who is there. Absent: none.',
  }),
});

/** What an API key may do. Wildcards never reach people: `users/**` must be named. */
export const keyRightsSchema = z
  .strictObject({
    publish: selectorsSchema.default([]).meta({ description: 'Where it may publish.', examples: [['orders/**']] }),
    read: selectorsSchema.default([]).meta({ description: 'What it may read, as history and as streams.' }),
    mint: mintRightsSchema.optional().meta({ description: 'Whom it may give tokens. Absent: nobody.' }),
    admin: z.boolean().default(false).meta({
      description:
        'Whether it may administer: keys, connections, topics, categories, people’s sessions, the audit log, metrics.',
    }),
  })
  .meta({ id: 'KeyRights', description: 'What is not there, the key may not do.' });

export const newKeySchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .regex(/^[^\p{C}]*$/u, { message: 'must have no control characters' })
      .meta({ description: 'For people: what the key is for.', examples: ['shop backend'] }),
    rights: keyRightsSchema,
    expiresAt: z.iso.datetime().optional().meta({ description: 'From then on it is refused. Absent: never.' }),
  })
  .meta({ id: 'NewKey' });

/** Seconds that the secret before a rotation stays good, when the request does not say: a day. */
const DEFAULT_OVERLAP_S = 86_400;

export const rotateKeySchema = z
  .strictObject({
    overlapS: z.number().int().min(0).max(2_592_000).default(DEFAULT_OVERLAP_S).meta({
      description: 'Seconds for which the secret until now stays good beside the new one; 0: it ends at once.',
    }),
  })
  .meta({ id: 'RotateKey' });

const timeSchema = z.iso.datetime({ precision: 3 });

export const apiKeySchema = z
  .object({
    id: z.string().meta({ description: 'The readable part of the key: `ck_<id>_…`.' }),
    name: z.string(),
    rights: keyRightsSchema,
    createdAt: timeSchema,
    expiresAt: timeSchema.optional(),
    lastUsedAt: timeSchema.optional().meta({ description: 'Absent: never. After a crash up to a minute too early.' }),
    previousUntil: timeSchema.optional().meta({
      description: 'A rotation lasts: until then the secret before it is good, too.',
    }),
  })
  .meta({ id: 'ApiKey', description: 'An API key without its secret, which is kept nowhere.' });

/** The one answer that shows a key. */
export const createdKeySchema = apiKeySchema
  .extend({ key: z.string().meta({ description: 'What services send. Shown here, and never again.' }) })
  .meta({ id: 'CreatedKey', description: 'An API key with its newest secret.' });

const pageTokenSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .optional()
  .meta({ description: 'The page token of an earlier answer.' });

export const keysQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  page: pageTokenSchema,
});

export const keyListSchema = z
  .object({
    keys: z.array(apiKeySchema).meta({ description: 'Newest first.' }),
    nextPage: z.string().optional(),
  })
  .meta({ id: 'KeyList' });

export const auditQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  page: pageTokenSchema,
});

const auditEntrySchema = z
  .object({
    seq: z.number().int().meta({ description: 'Ascending, in the order of the acts.' }),
    at: timeSchema,
    who: z.string().meta({ description: 'Who did it: `key:<id>`.' }),
    act: z.enum(ADMINISTRATIVE_ACTS),
    target: z.string().meta({ description: 'The id of the key, connection or category, the user id, or the topic.' }),
    address: z.string().optional().meta({ description: 'Where the request came from.' }),
    requestId: z.string().optional(),
    detail: z.string().optional(),
  })
  .meta({ id: 'AuditEntry' });

export const auditLogSchema = z
  .object({
    entries: z.array(auditEntrySchema).meta({ description: 'Newest first.' }),
    nextPage: z.string().optional(),
  })
  .meta({ id: 'AuditLog' });
