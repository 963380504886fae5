import type { webcrypto } from 'node:crypto';
import { JwksKeys } from './jwks-keys.js';
import type { KeySource } from './key-source.js';
import { importPublicKey, type TokenAlgorithm } from './token-algorithms.js';
import type { TokenConfig } from './token-config.js';

/** For each accepted algorithm exactly one source of keys. */
export type KeyTable = ReadonlyMap<string, { readonly algorithm: TokenAlgorithm; readonly source: KeySource }>;

const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/** Imported once: jose would do so again for every token. */
export function importSecret(secret: string): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey('raw', new TextEncoder().encode(secret), HMAC, false, ['sign', 'verify']);
}

/** What the configuration accepts. Precondition: no two of its parts name one algorithm. */
export function keyTable({
  tokenSecret,
  tokenSecretPrevious,
  tokenPublicKey,
  tokenAlgorithm,
  tokenJwksUrl,
  tokenJwksAlgorithms,
  ...jwks
}: TokenConfig): KeyTable {
  const table = new Map<string, { algorithm: TokenAlgorithm; source: KeySource }>();
  const accept = (algorithm: TokenAlgorithm, source: KeySource) => table.set(algorithm, { algorithm, source });

  if (tokenSecret !== undefined)
    accept('HS256', new FixedKeys([tokenSecret, tokenSecretPrevious].flatMap((one) => one ?? []).map(importSecret)));
  if (tokenPublicKey !== undefined && tokenAlgorithm !== undefined)
    accept(tokenAlgorithm, new FixedKeys([importPublicKey(tokenPublicKey, tokenAlgorithm)]));
  if (tokenJwksUrl !== undefined) {
    const source = new JwksKeys({ url: tokenJwksUrl, algorithms: tokenJwksAlgorithms, ...jwks });
    for (const algorithm of tokenJwksAlgorithms) accept(algorithm, source);
  }
  return table;
}

/** Keys of the configuration: whatever name a token gives to its own. */
class FixedKeys implements KeySource {
  readonly #keys: Promise<readonly webcrypto.CryptoKey[]>;

  constructor(keys: readonly Promise<webcrypto.CryptoKey>[]) {
    this.#keys = Promise.all(keys);
  }

  candidates(): Promise<readonly webcrypto.CryptoKey[]> {
    return this.#keys;
  }
}
