import { z } from 'zod';
import { isOpenToWildcards, selectorSchema } from '#clarion/protocol';
import { listSchema } from './list-schema.js';
import { normaliseOrigin } from './origins.js';
import { tokenConfigFaults, tokenFields } from './token-config.js';

const openSelectorSchema = selectorSchema.refine((selector) => isOpenToWildcards(selector.split('/')[0] ?? ''), {
  message: 'the topics of people and reserved topics cannot be open to everybody',
});

const originSchema = z.string().transform((entry, context) => {
  const origin = normaliseOrigin(entry);
  if (origin !== undefined) return origin;
  context.addIssue({ code: 'custom', message: 'not an origin: scheme://host[:port], or scheme://host:* for any port' });
  return z.NEVER;
});

const fields = z.object({
  apiKey: z.string().min(16).meta({
    env: 'CLARION_API_KEY',
    description: 'A key with every right, at least 16 characters.',
    secret: true,
  }),
  ...tokenFields,
  tokenCookie: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, { message: 'must be 1–64 characters of [A-Za-z0-9_-]' })
    .optional()
    .meta({
      env: 'CLARION_TOKEN_COOKIE',
      description: 'Name of a cookie in which browsers may bring their token. Absent: cookies are not looked at.',
    }),
  anonymousTopics: listSchema('').pipe(z.array(openSelectorSchema)).meta({
    env: 'CLARION_ANONYMOUS_TOPICS',
    description: 'Comma list of selectors that everybody may read without a token. Default: none.',
  }),
  allowedOrigins: listSchema('').pipe(z.array(originSchema)).meta({
    env: 'CLARION_ALLOWED_ORIGINS',
    description:
      'Comma list of web origins whose pages may connect: `https://app.example`, `http://localhost:*`. Default: none.',
  }),
  maxKeys: z.coerce.number().int().min(0).max(100_000).default(1_000).meta({
    env: 'CLARION_MAX_KEYS',
    description:
      'API keys that can be made with `POST /v1/keys`, beside the configured one; expired ones count until they are deleted.',
  }),
});

/** What this library must be told. Lists are comma-separated text on the way in, arrays on the way out. */
export const accessConfigSchema = fields.superRefine(
  (config, { issues, addIssue }) => {
    const faulty = new Set(issues.map(({ path }) => path?.[0]));
    for (const fault of tokenConfigFaults(config, faulty)) addIssue({ code: 'custom', ...fault });
  },
  // Also beside other faults: a start names all that is wrong.
  { when: () => true },
);

export type AccessConfig = z.output<typeof accessConfigSchema>;
