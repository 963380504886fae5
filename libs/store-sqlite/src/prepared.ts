import type { Connection, Statement } from './connection.js';

/** Statements by the names of their queries. */
export type Prepared<N extends string> = Readonly<Record<N, Statement>>;

/** Prepares those of many queries that somebody needs. */
export function prepareAll<N extends string>(
  connection: Connection,
  queries: Readonly<Record<N, string>>,
  names: readonly N[],
): Prepared<N> {
  const prepared = names.map((name) => [name, connection.prepare(queries[name])] as const);
  return Object.fromEntries(prepared) as Record<N, Statement>;
}
