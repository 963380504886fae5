import { isUtf8 } from 'node:buffer';
import { parse } from 'secure-json-parse';
import { DomainError, MAX_JSON_DEPTH } from '#clarion/protocol';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Square brackets and braces differ by this bit alone. */
const BRACE_BIT = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/**
 * Parses a request's body. Depth is judged before anything is built, so that hostile nesting costs one pass over the bytes.
 * @throws {DomainError} `json.invalid` for bad UTF-8, syntax, depth over 64, and keys that could change prototypes.
 */
export function parseJsonBody(body: Buffer): unknown {
  if (!isUtf8(body)) throw new DomainError('json.invalid', 'not UTF-8');
  if (isDeeperThan(body, MAX_JSON_DEPTH)) throw new DomainError('json.invalid', `nested deeper than ${MAX_JSON_DEPTH}`);
  try {
    return parse(body.toString('utf8'), { protoAction: 'error', constructorAction: 'error' });
  } catch (error) {
    if (error instanceof SyntaxError) throw new DomainError('json.invalid');
    throw error;
  }
}

/** Stops at the first bracket too many. In UTF-8 no byte of a longer character looks like one of these. */
function isDeeperThan(json: Buffer, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if ((byte | BRACE_BIT) === OPENING) {
      if (++depth > limit) return true;
    } else if ((byte | BRACE_BIT) === CLOSING) depth--;
  }
  return false;
}
