import { z } from 'zod';
import { isOpenToWildcards, selectorSchema } from '#clarion/protocol';
import { normaliseOrigin } from './origins.js';

const MIN_SECRET_BYTES = 32;

const listSchema = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((part) => part.trim() || []));

const openSelectorSchema = selectorSchema.refine((selector) => isOpenToWildcards(selector.split('/')[0] ?? ''), {
  message: 'the topics of people and reserved topics cannot be open to everybody',
});

const originSchema = z.string().transform((entry, context) => {
  const origin = normaliseOrigin(entry);
  if (origin !== undefined) return origin;
  context.addIssue({ code: 'custom', message: 'not an origin: scheme://host[:port], or scheme://host:* for any port' });
  return z.NEVER;
});

/** What this library must be told. Lists are comma-separated text on the way in, arrays on the way out. */
export const accessConfigSchema = z.object({
  apiKey: z.string().min(16).meta({
    env: 'CLARION_API_KEY',
    description: 'A key with every right, at least 16 characters.',
    secret: true,
  }),
  tokenSecret: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= MIN_SECRET_BYTES, {
      message: `must have at least ${MIN_SECRET_BYTES} bytes`,
    })
    .meta({
      env: 'CLARION_TOKEN_SECRET',
      description: 'The HS256 secret of subscriber tokens, at least 32 bytes (UTF-8).',
      secret: true,
    }),
  tokenIssuer: z.string().min(1).optional().meta({
    env: 'CLARION_TOKEN_ISSUER',
    description: 'Only tokens with this `iss` are valid; minted ones carry it. Absent: not looked at.',
  }),
  tokenAudience: z.string().min(1).optional().meta({
    env: 'CLARION_TOKEN_AUDIENCE',
    description: 'Only tokens with this `aud` are valid; minted ones carry it. Absent: not looked at.',
  }),
  tokenCookie: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, { message: 'must be 1–64 characters of [A-Za-z0-9_-]' })
    .optional()
    .meta({
      env: 'CLARION_TOKEN_COOKIE',
      description: 'Name of a cookie in which browsers may bring their token. Absent: cookies are not looked at.',
    }),
  anonymousTopics: listSchema.pipe(z.array(openSelectorSchema)).meta({
    env: 'CLARION_ANONYMOUS_TOPICS',
    description: 'Comma list of selectors that everybody may read without a token. Default: none.',
  }),
  allowedOrigins: listSchema.pipe(z.array(originSchema)).meta({
    env: 'CLARION_ALLOWED_ORIGINS',
    description:
      'Comma list of web origins whose pages may connect: `https://app.example`, `http://localhost:*`. Default: none.',
  }),
});

export type AccessConfig = z.output<typeof accessConfigSchema>;
