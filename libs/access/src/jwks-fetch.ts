import { z } from 'zod';
import { importJwk, type PublicKeyAlgorithm } from './token-algorithms.js';
import type { webcrypto } from 'node:crypto';

/** Bytes of the longest answer that is read to its end. */
export const MAX_KEY_SET_BYTES = 262_144;
/** Keys of the largest set that is taken: every one costs a token without `kid` a try. */
const MAX_KEYS = 64;

const keySetSchema = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) });
const jwkSchema = z.looseObject({
  kty: z.string(),
  kid: z.string().optional(),
  alg: z.string().optional(),
  use: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
});
type Jwk = z.infer<typeof jwkSchema>;

/** One usable key of a set. */
export interface NamedKey {
  readonly kid: string | undefined;
  readonly algorithm: PublicKeyAlgorithm;
  readonly key: webcrypto.CryptoKey;
}

/**
 * The keys of a JWK Set (RFC 7517 §5) that can verify one of the algorithms; others are passed over. One request, which follows no
 * redirect and ends after `timeoutMs`, also in the middle of the answer.
 * @throws {Error} when the set cannot be fetched, is too large, or is none.
 */
export async function fetchKeys(
  url: URL,
  algorithms: readonly PublicKeyAlgorithm[],
  timeoutMs: number,
): Promise<NamedKey[]> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the answer was ${response.status}`);
  }
  const keys = keysIn(await boundedText(response));
  const imported = algorithms.flatMap((algorithm) =>
    keys.filter((jwk) => isFor(algorithm, jwk)).map((jwk) => named(jwk, algorithm)),
  );
  return (await Promise.all(imported)).flatMap((key) => key ?? []);
}

async function boundedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_KEY_SET_BYTES) throw new Error(`the answer has more than ${MAX_KEY_SET_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whatever in the set is no key is passed over, and so are keys of unknown kinds (RFC 7517 §5). */
function keysIn(text: string): Jwk[] {
  const parsed = keySetSchema.safeParse(jsonIn(text));
  if (!parsed.success) throw new Error(`the answer is no JWK Set of at most ${MAX_KEYS} keys`);
  return parsed.data.keys.flatMap((key) => jwkSchema.safeParse(key).data ?? []);
}

/** Undefined for what is no JSON: what it says instead is nobody's business. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 7517 §4.2–4.4: what a key says of its own use is held to. */
function isFor(
  algorithm: PublicKeyAlgorithm,
  { alg = algorithm, use = 'sig', key_ops: uses = ['verify'] }: Jwk,
): boolean {
  return alg === algorithm && use === 'sig' && uses.includes('verify');
}

async function named(jwk: Jwk, algorithm: PublicKeyAlgorithm): Promise<NamedKey | undefined> {
  const key = await importJwk(jwk, algorithm);
  return key && { kid: jwk.kid, algorithm, key };
}
