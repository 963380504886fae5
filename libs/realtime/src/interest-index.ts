import { hasWildcard, isOpenToWildcards, type Selector, type Topic } from '#clarion/protocol';

/** A place in the tree of wildcard selectors. */
class Branch<S> {
  readonly children = new Map<string, Branch<S>>();
  /** Whose selector ends here. */
  readonly here = new Set<S>();
  /** Whose selector ends with `**` below here. */
  readonly rest = new Set<S>();

  get empty(): boolean {
    return this.children.size === 0 && this.here.size === 0 && this.rest.size === 0;
  }
}

/**
 * Who reads a topic. Exact selectors cost one look-up; wildcards a walk down a tree of segments, in which only branches that match
 * are entered: the cost of a look-up does not grow with readers of other topics.
 */
export class InterestIndex<S> {
  readonly #exact = new Map<string, Set<S>>();
  readonly #root = new Branch<S>();

  add(selector: Selector, reader: S): void {
    if (hasWildcard(selector)) this.#addWildcard(selector.split('/'), reader);
    else {
      const readers = this.#exact.get(selector);
      if (readers === undefined) this.#exact.set(selector, new Set([reader]));
      else readers.add(reader);
    }
  }

  delete(selector: Selector, reader: S): void {
    if (hasWildcard(selector)) remove(this.#root, selector.split('/'), 0, reader);
    else {
      const readers = this.#exact.get(selector);
      readers?.delete(reader);
      if (readers?.size === 0) this.#exact.delete(selector);
    }
  }

  /** Calls `visit` for every reader of the topic; once per matching selector, so maybe more than once for one reader. */
  forEachReader(topic: Topic, visit: (reader: S) => void): void {
    this.#exact.get(topic)?.forEach(visit);
    if (this.#root.empty) return;
    const segments = topic.split('/');
    if (isOpenToWildcards(segments[0]!)) walk(this.#root, segments, 0, visit);
    else {
      // A first segment that no wildcard may stand for is entered by its name alone.
      const named = this.#root.children.get(segments[0]!);
      if (named !== undefined) walk(named, segments, 1, visit);
    }
  }

  get isEmpty(): boolean {
    return this.#exact.size === 0 && this.#root.empty;
  }

  /** Topics that have readers by name, for metrics. */
  get exactTopics(): number {
    return this.#exact.size;
  }

  #addWildcard(segments: readonly string[], reader: S): void {
    let branch = this.#root;
    for (const segment of segments) {
      if (segment === '**') {
        branch.rest.add(reader);
        return;
      }
      let next = branch.children.get(segment);
      if (next === undefined) branch.children.set(segment, (next = new Branch()));
      branch = next;
    }
    branch.here.add(reader);
  }
}

function walk<S>(branch: Branch<S>, segments: readonly string[], depth: number, visit: (reader: S) => void): void {
  const segment = segments[depth];
  if (segment === undefined) {
    branch.here.forEach(visit);
    return;
  }
  branch.rest.forEach(visit);
  const named = branch.children.get(segment);
  if (named !== undefined) walk(named, segments, depth + 1, visit);
  const any = branch.children.get('*');
  if (any !== undefined) walk(any, segments, depth + 1, visit);
}

function remove<S>(branch: Branch<S>, segments: readonly string[], depth: number, reader: S): void {
  const segment = segments[depth];
  if (segment === undefined) branch.here.delete(reader);
  else if (segment === '**') branch.rest.delete(reader);
  else {
    const next = branch.children.get(segment);
    if (next === undefined) return;
    remove(next, segments, depth + 1, reader);
    if (next.empty) branch.children.delete(segment);
  }
}
