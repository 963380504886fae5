import type { KeyObject, webcrypto } from 'node:crypto';
import { importJWK, importSPKI, type JWK } from 'jose';

/** What a public key may sign with (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). Never what a shared secret signs with. */
export const PUBLIC_KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export type PublicKeyAlgorithm = (typeof PUBLIC_KEY_ALGORITHMS)[number];

/** What subscriber tokens may be signed with: which of them are accepted is the configuration's word, never a token's (RFC 8725 §3.1). */
export type TokenAlgorithm = 'HS256' | PublicKeyAlgorithm;

/** RFC 7518 §3.3. */
export const MIN_RSA_BITS = 2_048;

/** OpenSSL's names of the curves (RFC 7518 §3.4). */
const CURVES: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

/** Whether the key is of the algorithm's type, on its curve, and strong enough. */
export function fitsAlgorithm(key: KeyObject, algorithm: PublicKeyAlgorithm): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const curve = CURVES[algorithm];
  if (curve !== undefined) return type === 'ec' && details?.namedCurve === curve;
  if (algorithm.startsWith('Ed')) return type === 'ed25519';
  return type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS;
}

/** Precondition: {@link fitsAlgorithm}. */
export function importPublicKey(key: KeyObject, algorithm: PublicKeyAlgorithm): Promise<webcrypto.CryptoKey> {
  return importSPKI(key.export({ type: 'spki', format: 'pem' }).toString(), algorithm);
}

/** The public key of a JWK for this algorithm; undefined when it is of another type or curve, private, damaged or too weak. */
export async function importJwk(jwk: JWK, algorithm: PublicKeyAlgorithm): Promise<webcrypto.CryptoKey | undefined> {
  const key = await importJWK(jwk, algorithm).catch(() => undefined);
  if (key === undefined || key instanceof Uint8Array || key.type !== 'public') return undefined;
  return isStrong(key) ? key : undefined;
}

function isStrong({ algorithm }: webcrypto.CryptoKey): boolean {
  return !('modulusLength' in algorithm) || Number(algorithm.modulusLength) >= MIN_RSA_BITS;
}
