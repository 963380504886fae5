import { timingSafeEqual } from 'node:crypto';

/** What stands in an `Authorization` header, and its SHA-256. */
export interface BroughtKey {
  readonly credential: string;
  readonly digest: Buffer;
}

/**
 * The key that each connection brought last. Publishers bring the same one with every request, and its digest is most of what it costs to
 * know them. Comparing takes the same time for every header of one length: behind a proxy, a connection brings what different clients know.
 */
export class BroughtKeys {
  readonly #last = new WeakMap<object, BroughtKey & { readonly header: Uint8Array }>();

  /** Undefined unless the connection brought this very header before. Whether the key is still good is another question. */
  recall(connection: object, authorization: string): BroughtKey | undefined {
    const last = this.#last.get(connection);
    if (last === undefined) return undefined;
    const header = Buffer.from(authorization);
    return header.length === last.header.length && timingSafeEqual(header, last.header) ? last : undefined;
  }

  /** For keys that were good: what strangers bring takes no memory. */
  remember(connection: object, authorization: string, key: BroughtKey): void {
    this.#last.set(connection, { ...key, header: new TextEncoder().encode(authorization) });
  }
}
