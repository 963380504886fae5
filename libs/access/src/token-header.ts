import { z } from 'zod';
import { parseUnambiguous } from './unambiguous-json.js';

/** Headers that are remembered: tokens of one issuer have one, or one for each of its keys. */
const MAX_HEADERS = 64;

/** Base64url without padding (RFC 7515 §2), so that every decoder reads the same in it. */
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** Kinds of JWTs that are for us, in lower case: any, and access tokens (RFC 9068 §2.1). A prefix of `application/` says nothing (RFC 7515 §4.1.9). */
const TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt']);

/**
 * What of a header is looked at. Addresses and keys in it (`jku`, `x5u`, `jwk`, `x5c`) are not there for us. No extension is understood, so
 * that none may be critical (RFC 7515 §4.1.11).
 */
const headerSchema = z.object({
  alg: z.string(),
  kid: z.string().optional(),
  typ: z
    .string()
    .refine((typ) => TYPES.has(typ.toLowerCase().replace(/^application\//, '')))
    .optional(),
  crit: z.undefined().optional(),
  b64: z.undefined().optional(),
});

/** What a token says of itself, before anything of it was checked. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid?: string | undefined;
}

/** Reads headers, and remembers the last few: they are the same in nearly all tokens. */
export class TokenHeaders {
  readonly #known = new Map<string, TokenHeader>();

  /** The header of a token; undefined for what cannot be a token for us, whoever signed it. */
  read(token: string): TokenHeader | undefined {
    const part = token.slice(0, token.indexOf('.'));
    const known = this.#known.get(part);
    if (known !== undefined) return known;
    const header = readHeader(part);
    if (header !== undefined) this.#remember(part, header);
    return header;
  }

  #remember(part: string, header: TokenHeader): void {
    if (this.#known.size === MAX_HEADERS) this.#known.clear();
    this.#known.set(part, header);
  }
}

function readHeader(part: string): TokenHeader | undefined {
  if (!BASE64URL.test(part)) return undefined;
  return headerSchema.safeParse(parseUnambiguous(Buffer.from(part, 'base64url'))).data;
}
