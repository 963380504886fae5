import { EARLIEST, isCursor, type Cursor } from './cursor.js';
import { DomainError, type InputError } from './errors.js';
import { MAX_SELECTORS } from './commands.js';
import { isSelector, OWN_TOPIC, type Selector } from './topics.js';

/** What a client wants to read, as it says so when it connects; the same on every transport. */
export interface Wanted {
  readonly selectors: Selector[];
  readonly since?: Cursor | typeof EARLIEST;
}

/**
 * Reads the wanted topics and the place to begin.
 * @param topics a comma list or an array of them; absent: the reader's own topic; empty: none.
 * @param since a cursor or `earliest`; absent: from now on.
 * @throws {DomainError} `cursor.invalid` for what cannot be a cursor; `query.invalid` for what cannot be selectors, or too many.
 */
export function parseWanted(topics: unknown, since: unknown): Wanted {
  return { selectors: parseSelectors(topics), ...(since !== undefined && { since: parseSince(since) }) };
}

function parseSince(since: unknown): Cursor | typeof EARLIEST {
  if (typeof since !== 'string' || !isCursor(since)) throw new DomainError('cursor.invalid');
  return since === EARLIEST ? EARLIEST : since;
}

function parseSelectors(topics: unknown): Selector[] {
  if (topics === undefined) return [OWN_TOPIC as string as Selector];
  const names = (Array.isArray(topics) ? topics : [topics]).flatMap(splitNames);
  if (names.length > MAX_SELECTORS)
    throw invalid([{ pointer: '/topics', detail: `at most ${MAX_SELECTORS} selectors` }]);
  const wrong = names.flatMap((name, i) =>
    isName(name) ? [] : [{ pointer: `/topics/${i}`, detail: 'not a selector' }],
  );
  if (wrong.length > 0) throw invalid(wrong);
  return [...new Set(names.filter(isName))];
}

function splitNames(names: unknown): unknown[] {
  if (typeof names !== 'string') return [names];
  return names === '' ? [] : names.split(',', MAX_SELECTORS + 1);
}

function isName(name: unknown): name is Selector {
  return typeof name === 'string' && isSelector(name);
}

function invalid(errors: InputError[]): DomainError {
  return new DomainError('query.invalid', undefined, errors);
}
