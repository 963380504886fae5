import { isIP } from 'node:net';
import { z } from 'zod';
import { Rate, UNLIMITED } from './rate.js';

const RATE = /^(?<quota>[1-9]\d{0,8})\/(?<seconds>[1-9]\d{0,4})$/;

/** `<units>/<seconds>`, or `0` for no limit. */
const rateSchema = z.string().transform((text, context): Rate => {
  if (text === '0') return UNLIMITED;
  const { quota, seconds } = RATE.exec(text)?.groups ?? {};
  if (quota !== undefined && seconds !== undefined) return new Rate(Number(quota), Number(seconds));
  context.addIssue({ code: 'custom', message: 'not <units>/<seconds>, such as 100/10, or 0 for no limit' });
  return z.NEVER;
});

const countSchema = z.coerce.number().int().min(0);

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

/** What an operator can set of how much anybody may take. Rates are `<units>/<seconds>`: so many at once, and as many again within that time. */
export const limitsConfigSchema = z.object({
  trustProxy: trustProxySchema.meta({
    env: 'CLARION_TRUST_PROXY',
    description:
      'Whose `X-Forwarded-*` headers are believed: `false`, `true` (everybody: only behind a proxy that replaces them), or a comma list of addresses and networks of proxies (`10.0.0.0/8`).',
  }),
  maxConnections: countSchema.default(100_000).meta({
    env: 'CLARION_MAX_CONNECTIONS',
    description:
      'Connections of all clients together (streams, WebSockets, Socket.IO, long polls that wait); further ones are answered 503 `overloaded`. 0: no limit.',
  }),
  maxConnectionsPerUser: countSchema.default(200).meta({
    env: 'CLARION_MAX_CONNECTIONS_PER_USER',
    description:
      'Connections of one user, whatever tokens they bring; further ones are answered 429 `rate.limited`. API keys are not counted. 0: no limit.',
  }),
  maxConnectionsPerAddress: countSchema.default(0).meta({
    env: 'CLARION_MAX_CONNECTIONS_PER_ADDRESS',
    description:
      'Connections from one address (IPv6: one /64); further ones are answered 429. Behind a proxy only with `CLARION_TRUST_PROXY`. 0: no limit.',
  }),
  handshakes: rateSchema.prefault('0').meta({
    env: 'CLARION_LIMIT_HANDSHAKES',
    description:
      'New streams, upgrades and Socket.IO handshakes of one address, `<units>/<seconds>`; further ones are answered 429 before their credentials are looked at. Behind a proxy only with `CLARION_TRUST_PROXY`. 0: no limit.',
  }),
  failedLogins: rateSchema.prefault('1000/60').meta({
    env: 'CLARION_LIMIT_FAILED_LOGINS',
    description:
      'Credentials of one address that are not valid, `<units>/<seconds>`; further ones are answered 429. Valid ones always pass, and expired tokens do not count. 0: no limit.',
  }),
  keyPublishes: rateSchema.prefault('0').meta({
    env: 'CLARION_LIMIT_KEY_PUBLISHES',
    description:
      'Notifications that one API key may publish, `<units>/<seconds>`, over all transports; further ones are answered 429. 0: no limit.',
  }),
  userPublishes: rateSchema.prefault('1000/10').meta({
    env: 'CLARION_LIMIT_USER_PUBLISHES',
    description:
      'Notifications that one user may publish, `<units>/<seconds>`, over all transports; further ones are answered 429. 0: no limit.',
  }),
  keyCommands: rateSchema.prefault('0').meta({
    env: 'CLARION_LIMIT_KEY_COMMANDS',
    description:
      'Commands of one API key, `<units>/<seconds>`: what is sent over WebSockets and Socket.IO besides publishes, polls, and reads of history. 0: no limit.',
  }),
  userCommands: rateSchema.prefault('6000/60').meta({
    env: 'CLARION_LIMIT_USER_COMMANDS',
    description: 'The same of one user; of those without a token, of one address. 0: no limit.',
  }),
});

export type LimitsConfig = z.output<typeof limitsConfigSchema>;

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  // A network of all addresses is `true`.
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
