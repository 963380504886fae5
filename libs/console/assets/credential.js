const STORED_AS = 'clarion.credential';

/** Three base64url parts, the first of which is a JSON object: a JWT. Everything else is taken for an API key. */
const TOKEN_PATTERN = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/;

/**
 * The credential of this tab: from the address's fragment, which no server sees and which is wiped at once, or from before a
 * reload. Kept in this tab's session storage alone.
 * @returns {string | undefined}
 */
export function arrivingCredential() {
  const brought = fragment().get('key') ?? fragment().get('token');
  if (brought === undefined || brought === '') return tabStorage()?.getItem(STORED_AS) ?? undefined;
  history.replaceState(null, '', location.pathname + location.search);
  keepCredential(brought);
  return brought;
}

/** @param {string} credential */
export function keepCredential(credential) {
  tabStorage()?.setItem(STORED_AS, credential);
}

export function forgetCredential() {
  tabStorage()?.removeItem(STORED_AS);
}

/** @param {string} credential */
export function isToken(credential) {
  return TOKEN_PATTERN.test(credential);
}

/**
 * Whose token it is, as it says itself; nothing of an API key, or of what only looks like a token.
 * @param {string} credential
 * @returns {string | undefined}
 */
export function subjectOf(credential) {
  if (!isToken(credential)) return undefined;
  try {
    const claims = credential.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '';
    const bytes = Uint8Array.from(atob(claims), (character) => character.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}

/** Nothing where the person's settings forbid a page to store anything: then a reload asks again. */
function tabStorage() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/**
 * `#key=…&…`, with `+` left as it is: the fragment is no form.
 * @returns {Map<string, string>}
 */
function fragment() {
  const pairs = location.hash.slice(1).split('&');
  return new Map(pairs.map((pair) => [pair.split('=', 1)[0] ?? '', decoded(pair.slice(pair.indexOf('=') + 1))]));
}

/** A stray `%` is a character like any other. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
