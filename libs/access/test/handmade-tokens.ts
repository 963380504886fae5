import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** Makes a signature of what stands before the last dot. */
export type Signer = (input: string) => Buffer;

/** Text as it is, bytes as they are, all else as JSON. */
export function encoded(part: unknown): string {
  const raw = typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part);
  return Buffer.from(raw).toString('base64url');
}

/** A token of whatever header and claims, signed at any rate: libraries would refuse to make most of these. */
export function handmade(header: unknown, claims: unknown, signer: Signer): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${signer(input).toString('base64url')}`;
}

export function hmac(secret: string | Buffer, bits = 256): Signer {
  return (input) => createHmac(`sha${bits}`, secret).update(input).digest();
}

export function rsa(key: KeyObject, bits = 256): Signer {
  return (input) => sign(`sha${bits}`, Buffer.from(input), key);
}

export function pss(key: KeyObject, bits = 256): Signer {
  const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 };
  return (input) => sign(`sha${bits}`, Buffer.from(input), options);
}

export function ecdsa(key: KeyObject, bits = 256): Signer {
  return (input) => sign(`sha${bits}`, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

export function eddsa(key: KeyObject): Signer {
  return (input) => sign(null, Buffer.from(input), key);
}

/** What is always the same, whatever is signed. */
export function constant(bytes: Buffer): Signer {
  return () => bytes;
}

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Keys take longer to make than all else here: each kind is made once. */
export const rsaKeys = (bits = 2_048): KeyPair => generateKeyPairSync('rsa', { modulusLength: bits });
export const ecKeys = (namedCurve = 'P-256'): KeyPair => generateKeyPairSync('ec', { namedCurve });
export const edKeys = (): KeyPair => generateKeyPairSync('ed25519');

/** As one line of a JWK Set. */
export function jwkOf(key: KeyObject, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { ...key.export({ format: 'jwk' }), ...more };
}
