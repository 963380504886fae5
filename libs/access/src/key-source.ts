import type { webcrypto } from 'node:crypto';
import type { TokenAlgorithm } from './token-algorithms.js';

/** Where the keys of some algorithms come from. */
export interface KeySource {
  /**
   * The keys with which a token of this algorithm may have been signed; all of the algorithm's type. None: no such token is good.
   * @param kid the name of the key in the token's header: looked up, and nothing else (RFC 8725 §3.10).
   * @throws {DomainError} `overloaded` when the keys cannot be had at present.
   */
  candidates(algorithm: TokenAlgorithm, kid: string | undefined): Promise<readonly webcrypto.CryptoKey[]>;
}
