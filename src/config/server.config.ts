import { z } from 'zod';
import { limitsConfigSchema } from '#clarion/access';
import type { DriverTable } from './driver.js';

/** First segments that are the server's own: below them a path could be read in two ways. */
const OWN_SEGMENTS = new Set(['v1', 'docs', 'console', 'health', 'metrics', 'socket.io', 'sw.js']);

const basePathSchema = z
  .string()
  .default('')
  .transform((text) => text.replace(/\/+$/, ''))
  .refine((path) => /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/.test(path), 'not a path such as /clarion')
  .refine((path) => !OWN_SEGMENTS.has(path.split('/')[1] ?? ''), 'begins with a segment that the server itself uses');

const ownFields = {
  environment: z.enum(['development', 'production', 'test']).default('development').meta({
    env: 'NODE_ENV',
    description:
      '`production` refuses to start without credentials, listens on all addresses, and switches page and documents off.',
  }),
  host: z.string().optional().meta({
    env: 'HOST',
    description: 'Address to listen on. Default: `0.0.0.0` in production, else `127.0.0.1`.',
  }),
  port: z.coerce.number().int().min(0).max(65_535).default(3_000).meta({
    env: 'PORT',
    description: 'Port to listen on; 0 takes a free one, which the log line `listening` names.',
  }),
  tlsCert: z.string().optional().meta({
    env: 'CLARION_TLS_CERT',
    description:
      'PEM file of the certificate and its chain: the port then speaks TLS (1.2 and later), with HTTP/2 and HTTP/1.1. Read again when it changes; connections stay. Absent: no TLS.',
  }),
  tlsKey: z.string().optional().meta({
    env: 'CLARION_TLS_KEY',
    description: 'PEM file of the private key of `CLARION_TLS_CERT`, without a passphrase.',
  }),
  basePath: basePathSchema.meta({
    env: 'CLARION_BASE_PATH',
    description:
      'Path below which a proxy shows the server, such as `/clarion`; requests with it and without are answered alike, so that the proxy may take it off or not. Absent: the root.',
  }),
  dataDir: z.string().default('./data').meta({
    env: 'CLARION_DATA_DIR',
    description: 'Folder of everything kept on disk; made when missing, readable by its owner alone.',
  }),
  trustProxy: limitsConfigSchema.shape.trustProxy,
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').meta({
    env: 'CLARION_LOG_LEVEL',
    description: 'Least level that is logged; `debug` has a line for each request.',
  }),
  page: z.stringbool().optional().meta({
    env: 'CLARION_PAGE',
    description: 'Whether `/` shows the page. Default: not in production.',
  }),
  docs: z.stringbool().optional().meta({
    env: 'CLARION_DOCS',
    description: 'Whether `/docs` shows the OpenAPI and AsyncAPI documents. Default: not in production.',
  }),
  metricsPort: z.coerce.number().int().min(1).max(65_535).optional().meta({
    env: 'CLARION_METRICS_PORT',
    description:
      'A port of its own for `/metrics`, without a key, on the same address. Absent: `/metrics` on the main port, with an API key that may administer.',
  }),
} as const;

/** What the application itself must be told; the libraries bring their own schemas. */
export function serverConfigSchema({ stores, buses, gateways, channels }: DriverTable) {
  const schema = z.object({
    ...ownFields,
    store: z
      .enum(Object.keys(stores))
      .default('sqlite')
      .meta({
        env: 'CLARION_STORE',
        description: `Where the log is kept: ${listed(stores)}.`,
      }),
    bus: z
      .enum(Object.keys(buses))
      .default('in-process')
      .meta({
        env: 'CLARION_BUS',
        description: `What carries news between nodes: ${listed(buses)}.`,
      }),
    gateways: listOf(z.enum(Object.keys(gateways)), Object.keys(gateways)).meta({
      env: 'CLARION_GATEWAYS',
      description: `Comma list of the ways for clients to connect: ${listed(gateways)}.`,
    }),
    channels: listOf(z.enum(Object.keys(channels)), Object.keys(channels), NONE).meta({
      env: 'CLARION_CHANNELS',
      description: `Comma list of the ways to people who are not connected: ${listed(channels)}; or \`${NONE}\`.`,
    }),
  });
  // Also when something else is wrong: a start names everything at once.
  return schema.superRefine(assertPair, { when: () => true });
}

/** One of the two without the other is a slip. */
function assertPair(
  { tlsCert, tlsKey }: { tlsCert?: string | undefined; tlsKey?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (tlsCert !== undefined && tlsKey === undefined)
    context.addIssue({ code: 'custom', path: ['tlsKey'], message: 'is required with CLARION_TLS_CERT' });
  if (tlsKey !== undefined && tlsCert === undefined)
    context.addIssue({ code: 'custom', path: ['tlsCert'], message: 'is required with CLARION_TLS_KEY' });
}

/** Says that a list is empty, since a variable that is empty counts as absent. */
const NONE = 'none';

/** @param none stands for an empty list where one may be. */
function listOf<T extends z.ZodType<string, string>>(item: T, fallback: readonly string[], none?: string) {
  return z
    .string()
    .default(fallback.join(','))
    .transform((text) => [...new Set(text.split(',').flatMap((part) => part.trim() || []))])
    .transform((names) => (names.length === 1 && names[0] === none ? [] : names))
    .pipe(z.array(item));
}

function listed(drivers: Readonly<Record<string, unknown>>): string {
  return Object.keys(drivers)
    .map((name) => `\`${name}\``)
    .join(', ');
}

/** As parsed, with the choices that depend on the environment made. */
export type ServerConfig = z.output<ReturnType<typeof serverConfigSchema>> & {
  readonly host: string;
  readonly page: boolean;
  readonly docs: boolean;
};

export function withDefaultsOf(parsed: z.output<ReturnType<typeof serverConfigSchema>>): ServerConfig {
  const production = parsed.environment === 'production';
  return {
    ...parsed,
    host: parsed.host ?? (production ? '0.0.0.0' : '127.0.0.1'),
    page: parsed.page ?? !production,
    docs: parsed.docs ?? !production,
  };
}
