const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const COLON = ':'.charCodeAt(0);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What this JSON text says; undefined when it is none, or when different parsers would read different things in it. */
export function parseUnambiguous(bytes: Uint8Array): unknown {
  try {
    const text = utf8.decode(bytes);
    const parsed: unknown = JSON.parse(text);
    return repeatsNames(text, parsed) ? undefined : parsed;
  } catch {
    return undefined; // neither UTF-8 nor JSON
  }
}

/**
 * Whether an object in this JSON text has a member twice, at whatever depth and however its name is escaped. Parsers keep one of the two,
 * not all the same one, so that two programs may read different things in one signed text (RFC 8259 §4). Counts members rather than
 * remember names: one that is there twice is written more often than it is read. Linear in the text.
 * @param parsed what `JSON.parse` made of the text.
 */
function repeatsNames(json: string, parsed: unknown): boolean {
  return membersWritten(json) !== membersRead(parsed);
}

/** Outside strings a colon stands after a member's name and nowhere else. */
function membersWritten(json: string): number {
  let count = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const char = json.charCodeAt(i);
    if (char === QUOTE) inString = !inString;
    else if (char === BACKSLASH) i++;
    else if (char === COLON && !inString) count++;
  }
  return count;
}

/** Without recursion: a text may nest as deeply as it is long. */
function membersRead(value: unknown): number {
  let count = 0;
  const rest = [value];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const inner: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (inner !== next) count += inner.length;
    for (const one of inner) if (typeof one === 'object') rest.push(one);
  }
  return count;
}
