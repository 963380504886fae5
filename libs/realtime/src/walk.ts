import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds after which other work of the event loop gets its turn. */
const SLICE_MS = 2;
/** Visits between two looks at the clock. */
const STRIDE = 32;

/**
 * Visits one after the other, in turns of about 2 ms: a walk over a hundred thousand holds up nobody. Over a `Map` or `Set` that changes
 * meanwhile, whoever leaves is not visited any more, and whoever comes is.
 * @param visit returns true when that is enough.
 */
export async function walk<T>(members: Iterable<T>, visit: (member: T) => boolean): Promise<void> {
  let visits = 0;
  let until = performance.now() + SLICE_MS;
  for (const member of members) {
    if (visit(member)) return;
    if (++visits % STRIDE !== 0 || performance.now() < until) continue;
    await turn();
    until = performance.now() + SLICE_MS;
  }
}
