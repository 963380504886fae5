import { StoreError } from './store-error.js';

/** What a push is to close. */
export interface Closing {
  /** The row of the push that showed it. */
  readonly push: number;
  /** Of the notification. */
  readonly id: string;
  readonly collapseKey: string | null;
}

/** As the column `closes` keeps them: the pushes come first in each. */
export function closesOf(closing: readonly Closing[]): string {
  return JSON.stringify(closing.map(({ push, id, collapseKey }) => [push, id, collapseKey]));
}

export function closedOf(closes: string): Closing[] {
  const all: unknown = JSON.parse(closes);
  if (!Array.isArray(all)) throw new StoreError('unreadable', 'the database is damaged: a push closes no list');
  return all.map((one: unknown) => {
    const [push, id, collapseKey] = Array.isArray(one) ? (one as unknown[]) : [];
    return { push: Number(push), id: String(id), collapseKey: typeof collapseKey === 'string' ? collapseKey : null };
  });
}
