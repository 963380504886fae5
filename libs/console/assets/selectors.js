/** People's own topics are reached by no wildcard. */
const USERS = 'users';

/**
 * Whether one of the selectors matches: `*` is one segment, a final `**` one or more.
 * @param {readonly string[]} selectors
 * @param {string} topic
 */
export function matchesAny(selectors, topic) {
  return selectors.some((selector) => matches(selector.split('/'), topic.split('/')));
}

/** @param {readonly string[]} have @param {readonly string[]} segments */
function matches(have, segments) {
  if (have[0]?.startsWith('*') && (segments[0] === USERS || segments[0]?.startsWith('$'))) return false;
  const rest = have.at(-1) === '**';
  if (rest ? segments.length < have.length : segments.length !== have.length) return false;
  const fixed = rest ? have.slice(0, -1) : have;
  return fixed.every((segment, i) => segment === '*' || segment === segments[i]);
}
