import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';

const claimsSchema = z.object({ aud: z.string(), exp: z.number(), sub: z.string().regex(/^(?:mailto:|https:)/) });
const headerSchema = z.object({ alg: z.literal('ES256'), typ: z.literal('JWT').optional() });

export interface Vapid {
  /** In base64url. */
  readonly publicKey: string;
  readonly claims: z.infer<typeof claimsSchema>;
}

const DAY_S = 86_400;

/**
 * Reads and verifies `Authorization: vapid t=…, k=…` as a push service must (RFC 8292 §2 and §4.2).
 * @param now milliseconds since 1970.
 * @throws {Error} when anything of it is not as it must be.
 */
export function checkVapid(authorization: string | undefined, origin: string, now: number): Vapid {
  const [, token = '', publicKey = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization ?? '') ?? [];
  const [header = '', payload = '', signature = ''] = token.split('.');
  const point = Buffer.from(publicKey, 'base64url');
  if (point.length !== 65 || point[0] !== 4) throw new Error('k is no uncompressed point');
  const key = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  headerSchema.parse(json(header));
  const signed = Buffer.from(`${header}.${payload}`);
  const isGood = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  if (!isGood) throw new Error('the signature is not by that key');
  const claims = claimsSchema.parse(json(payload));
  if (claims.aud !== origin) throw new Error(`it is for ${claims.aud}`);
  if (claims.exp <= now / 1_000) throw new Error('it has expired');
  if (claims.exp > now / 1_000 + DAY_S) throw new Error('it is good for more than a day');
  return { publicKey, claims };
}

function json(base64url: string): unknown {
  return JSON.parse(Buffer.from(base64url, 'base64url').toString());
}
