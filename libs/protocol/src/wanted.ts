import { EARLIEST, isCursor, type Cursor } from './cursor.js';
import { DomainError, type InputError } from './errors.js';
import { MAX_SELECTORS } from './commands.js';
import { isDeviceId } from './presence.js';
import { isSelector, OWN_TOPIC, type Selector } from './topic-grammar.js';

/** Under too much load readers of low priority are asked to poll first. */
const PRIORITIES = ['low', 'normal'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What a client wants to read, as it says so when it connects; the same on every transport. */
export interface Wanted {
  readonly selectors: readonly Selector[];
  readonly priority?: Priority;
  readonly since?: Cursor | typeof EARLIEST;
  /** The client's own name of the device that it runs on. */
  readonly device?: string;
}

/**
 * Reads the wanted topics and the place to begin.
 * @param topics a comma list or an array of them; absent: the reader's own topic; empty: none.
 * @param since a cursor or `earliest`; absent: from now on.
 * @param priority `low` or `normal`; absent: normal.
 * @param device a device id; absent: it has no name.
 * @throws {DomainError} `cursor.invalid` for what cannot be a cursor; `query.invalid` for what cannot be selectors, or too many.
 */
export function parseWanted(topics: unknown, since: unknown, priority?: unknown, device?: unknown): Wanted {
  return {
    selectors: parseSelectors(topics),
    ...(since !== undefined && { since: parseSince(since) }),
    ...(priority !== undefined && { priority: parsePriority(priority) }),
    ...(device !== undefined && { device: parseDevice(device) }),
  };
}

/**
 * The same from a URL: `topics=a,b`, repeated `topic=`, `since`, `priority`, `device`. Query parsers read `+` as a space, and no topic has one:
 * it is turned back.
 * @param lastEventId what an EventSource brings when it comes back; wins over `since` unless empty.
 */
export function parseWantedQuery(query: URLSearchParams, lastEventId?: string): Wanted {
  const lists = [...query.getAll('topics'), ...query.getAll('topic')].map((list) => list.replaceAll(' ', '+'));
  const named = query.has('topics') || query.has('topic');
  return parseWanted(
    named ? lists : undefined,
    lastEventId || (query.get('since') ?? undefined),
    query.get('priority') ?? undefined,
    query.get('device') ?? undefined,
  );
}

function parsePriority(priority: unknown): Priority {
  const known = PRIORITIES.find((name) => name === priority);
  if (known === undefined) throw invalid([{ pointer: '/priority', detail: `one of ${PRIORITIES.join(', ')}` }]);
  return known;
}

function parseDevice(device: unknown): string {
  if (typeof device === 'string' && isDeviceId(device)) return device;
  throw invalid([{ pointer: '/device', detail: 'not a device id: 1–64 of [A-Za-z0-9_.-]' }]);
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
