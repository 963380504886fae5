declare const topicBrand: unique symbol;
declare const selectorBrand: unique symbol;

/** A topic in which a segment may be `*` (any one segment) and the last one `**` (one or more). */
export type Selector = string & { readonly [selectorBrand]: true };

/**
 * Where a notification goes: 1–16 segments of `[A-Za-z0-9_.:@~|+=-]` joined by `/`, at most 255 bytes. Every topic is a selector,
 * which matches itself alone.
 */
export type Topic = Selector & { readonly [topicBrand]: true };

export const MAX_TOPIC_BYTES = 255;
export const MAX_TOPIC_SEGMENTS = 16;

const SEGMENT = '[A-Za-z0-9_.:@~|+=-]+';
export const TOPIC_PATTERN = new RegExp(`^\\$?${SEGMENT}(?:/${SEGMENT}){0,${MAX_TOPIC_SEGMENTS - 1}}$`);
export const SELECTOR_PATTERN = new RegExp(
  `^(?:\\*\\*|(?:\\*|\\$?${SEGMENT})(?:/(?:\\*|${SEGMENT})){0,${MAX_TOPIC_SEGMENTS - 1}}(?:/\\*\\*)?)$`,
);
export const USER_PATTERN = new RegExp(`^${SEGMENT}$`);

/** The first segment of every person's own topic, which no wildcard reaches. */
const USERS = 'users';
export const MAX_USER_ID_BYTES = MAX_TOPIC_BYTES - USERS.length - 1;

/** The alias for oneself, and what every URL parser takes away from a path such as `/v1/users/<id>` (RFC 3986, 5.2.4). */
const NO_IDS: ReadonlySet<string> = new Set(['me', '.', '..']);

/** How a client names its own topic without knowing its id. */
export const OWN_TOPIC = 'users/me' as Topic;

export function isTopic(text: string): text is Topic {
  return text.length <= MAX_TOPIC_BYTES && TOPIC_PATTERN.test(text);
}

export function isSelector(text: string): text is Selector {
  return text.length <= MAX_TOPIC_BYTES && SELECTOR_PATTERN.test(text) && text.split('/').length <= MAX_TOPIC_SEGMENTS;
}

/** Whether `id` can be a person's id: one topic segment, short enough for `users/<id>`, and none of `me`, `.` and `..`. */
export function isUserId(id: string): boolean {
  return !NO_IDS.has(id) && id.length <= MAX_USER_ID_BYTES && USER_PATTERN.test(id);
}

/** The topic that belongs to one person. Precondition: {@link isUserId}. */
export function userTopic(id: string): Topic {
  return `${USERS}/${id}` as Topic;
}

/** Whose own topic it is; undefined for all others. */
export function userOfTopic(topic: string): string | undefined {
  if (!topic.startsWith(`${USERS}/`)) return undefined;
  const id = topic.slice(USERS.length + 1);
  return isUserId(id) ? id : undefined;
}

/** Topics whose first segment begins with `$` are the server's own: forbidden to clients and publishers. */
export function isReserved(selector: string): boolean {
  return selector.startsWith('$');
}

export function hasWildcard(selector: Selector): boolean {
  return selector.includes('*');
}

/** Whether a wildcard may stand for this first segment. People's topics and reserved ones must be named. */
export function isOpenToWildcards(firstSegment: string): boolean {
  return firstSegment !== USERS && !firstSegment.startsWith('$');
}

/** Whether `selector` matches `topic`. Linear in the number of segments. */
export function matches(selector: Selector, topic: Topic): boolean {
  return covers(selector, topic);
}

/**
 * Whether every topic that `narrower` matches is matched by `wider` as well. Linear in the number of segments; a wildcard in
 * the first place covers neither `users` nor `$…`.
 */
export function covers(wider: Selector, narrower: Selector): boolean {
  if (wider === narrower) return true;
  // What most rights name matches itself alone; an inbox asks thousands of times, so nothing is cut into pieces.
  if (!hasWildcard(wider)) return false;
  if (wider.startsWith('*') && !isOpenToWildcards(narrower.slice(0, endOfSegment(narrower, 0)))) return false;
  for (let [have, want] = [0, 0]; ;) {
    const [haveEnd, wantEnd] = [endOfSegment(wider, have), endOfSegment(narrower, want)];
    const segment = wider.slice(have, haveEnd);
    const wanted = narrower.slice(want, wantEnd);
    if (segment === '**') return true;
    if (wanted === '**' || (segment !== '*' && segment !== wanted)) return false;
    const [isLast, isLastWanted] = [haveEnd === wider.length, wantEnd === narrower.length];
    if (isLast || isLastWanted) return isLast && isLastWanted;
    [have, want] = [haveEnd + 1, wantEnd + 1];
  }
}

function endOfSegment(selector: string, from: number): number {
  const end = selector.indexOf('/', from);
  return end === -1 ? selector.length : end;
}
