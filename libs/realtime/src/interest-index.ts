import { hasWildcard, isOpenToWildcards, type Topic } from '#clarion/protocol';
import type { Subscription } from './subscription.js';

/** Those with one selector, in no order. */
export type Readers = readonly Subscription[];

/** A place in the tree of wildcard selectors. */
class Branch {
  readonly children = new Map<string, Branch>();
  /** Whose selector ends here. */
  readonly here: Subscription[] = [];
  /** Whose selector ends with `**` below here. */
  readonly rest: Subscription[] = [];

  get isEmpty(): boolean {
    return this.children.size === 0 && this.here.length === 0 && this.rest.length === 0;
  }
}

/**
 * Who reads a topic. Exact selectors cost one look-up; wildcards a walk down a tree of segments, in which only branches that match
 * are entered: the cost of a look-up does not grow with readers of other topics. Coming and going cost the same however many
 * read the same.
 */
export class InterestIndex {
  readonly #exact = new Map<string, Subscription[]>();
  readonly #root = new Branch();

  /** Precondition: it is not in the index. */
  add(subscription: Subscription): void {
    const { selector } = subscription;
    if (hasWildcard(selector)) return put(this.#listAt(selector.split('/')), subscription);
    const readers = this.#exact.get(selector);
    if (readers !== undefined) return put(readers, subscription);
    subscription.position = 0;
    this.#exact.set(selector, [subscription]);
  }

  /** Precondition: it is in the index. */
  delete(subscription: Subscription): void {
    const { selector } = subscription;
    if (hasWildcard(selector)) return remove(this.#root, selector.split('/'), 0, subscription);
    const readers = this.#exact.get(selector);
    if (readers === undefined) return;
    take(readers, subscription);
    if (readers.length === 0) this.#exact.delete(selector);
  }

  /**
   * All who read the topic: one list for each matching selector, so that a reader may be in several. They are the index's own: who leaves
   * gives its place to the last of the list.
   */
  readersOf(topic: Topic): Readers[] {
    const exact = this.#exact.get(topic);
    const found: Readers[] = exact === undefined ? [] : [exact];
    if (!this.#root.isEmpty) this.#findWildcards(topic.split('/'), found);
    return found;
  }

  /** Who reads each selector, in no order. May be walked in many turns: what comes or goes meanwhile is met or not. */
  *lists(): Iterable<Readers> {
    yield* this.#exact.values();
    yield* listsBelow(this.#root);
  }

  get isEmpty(): boolean {
    return this.#exact.size === 0 && this.#root.isEmpty;
  }

  /** Topics that have readers by name, for metrics. */
  get exactTopics(): number {
    return this.#exact.size;
  }

  #findWildcards(segments: readonly string[], found: Readers[]): void {
    if (isOpenToWildcards(segments[0]!)) return find(this.#root, segments, 0, found);
    // A first segment that no wildcard may stand for is entered by its name alone.
    const named = this.#root.children.get(segments[0]!);
    if (named !== undefined) find(named, segments, 1, found);
  }

  #listAt(segments: readonly string[]): Subscription[] {
    let branch = this.#root;
    for (const segment of segments) {
      if (segment === '**') return branch.rest;
      let next = branch.children.get(segment);
      if (next === undefined) branch.children.set(segment, (next = new Branch()));
      branch = next;
    }
    return branch.here;
  }
}

function* listsBelow({ here, rest, children }: Branch): Iterable<Readers> {
  yield here;
  yield rest;
  for (const child of children.values()) yield* listsBelow(child);
}

function find(branch: Branch, segments: readonly string[], depth: number, found: Readers[]): void {
  const segment = segments[depth];
  if (segment === undefined) {
    if (branch.here.length > 0) found.push(branch.here);
    return;
  }
  if (branch.rest.length > 0) found.push(branch.rest);
  const named = branch.children.get(segment);
  if (named !== undefined) find(named, segments, depth + 1, found);
  const any = branch.children.get('*');
  if (any !== undefined) find(any, segments, depth + 1, found);
}

function remove(branch: Branch, segments: readonly string[], depth: number, gone: Subscription): void {
  const segment = segments[depth];
  if (segment === undefined) take(branch.here, gone);
  else if (segment === '**') take(branch.rest, gone);
  else {
    const next = branch.children.get(segment);
    if (next === undefined) return;
    remove(next, segments, depth + 1, gone);
    if (next.isEmpty) branch.children.delete(segment);
  }
}

function put(readers: Subscription[], subscription: Subscription): void {
  subscription.position = readers.push(subscription) - 1;
}

/** The last takes the place of who leaves. */
function take(readers: Subscription[], { position }: Subscription): void {
  const last = readers.pop();
  if (last === undefined || last.position === position) return;
  readers[position] = last;
  last.position = position;
}
