import { timingSafeEqual } from 'node:crypto';

/** What stands in an `Authorization` header, and its SHA-256. */
export interface PresentedKey {
  readonly credential: string;
  readonly digest: Buffer;
}

/**
 * The key that each connection presented last. Publishers present the same one with every request, and its digest is most of what it costs to
 * know them. Comparing takes the same time for every header of one length: behind a proxy, a connection presents what different clients know.
 */
export class PresentedKeys {
  readonly #last = new WeakMap<object, PresentedKey & { readonly header: Uint8Array }>();

  /** Undefined unless the connection presented this very header before. Whether the key is still good is another question. */
  recall(connection: object, authorization: string): PresentedKey | undefined {
    const last = this.#last.get(connection);
    if (last === undefined) return undefined;
    const header = Buffer.from(authorization);
    return header.length === last.header.length && timingSafeEqual(header, last.header) ? last : undefined;
  }

  /** For keys that were good: what strangers present takes no memory. */
  remember(connection: object, authorization: string, key: PresentedKey): void {
    this.#last.set(connection, { ...key, header: new TextEncoder().encode(authorization) });
  }
}
