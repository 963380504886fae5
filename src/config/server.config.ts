import { isIP } from 'node:net';
import { z } from 'zod';
import type { DriverTable } from './driver.js';

/** What Fastify's `trustProxy` takes. */
const trustProxySchema = z
  .string()
  .default('false')
  .transform((text, context): boolean | string[] => {
    if (text === 'true' || text === 'false') return text === 'true';
    const networks = text.split(',').map((part) => part.trim());
    if (!networks.every(isNetwork))
      context.addIssue({ code: 'custom', message: 'not true, false, or a list of IP addresses and networks' });
    return networks;
  });

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
  dataDir: z.string().default('./data').meta({
    env: 'CLARION_DATA_DIR',
    description: 'Folder of everything kept on disk; made when missing, readable by its owner alone.',
  }),
  trustProxy: trustProxySchema.meta({
    env: 'CLARION_TRUST_PROXY',
    description:
      'Whose `X-Forwarded-*` headers are believed: `false`, `true` (everybody: only behind a proxy that replaces them), or a comma list of addresses and networks of proxies (`10.0.0.0/8`).',
  }),
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
      'A port of its own for `/metrics`, without a key, on the same address. Absent: `/metrics` on the main port, with the API key.',
  }),
} as const;

/** What the application itself must be told; the libraries bring their own schemas. */
export function serverConfigSchema({ stores, buses, gateways }: DriverTable) {
  return z.object({
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
  });
}

function listOf<T extends z.ZodType<string, string>>(item: T, fallback: readonly string[]) {
  return z
    .string()
    .default(fallback.join(','))
    .transform((text) => [...new Set(text.split(',').flatMap((part) => part.trim() || []))])
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

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
