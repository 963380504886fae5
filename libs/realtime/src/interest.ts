import type { ReadGrant } from '#clarion/access';
import { hasWildcard, matches, type Selector, type Topic } from '#clarion/protocol';
import type { LogEvent } from './log-event.js';

/** What one session reads: its selectors, and how far back it may see by each. */
export class Interest {
  readonly #exact = new Map<Topic, number>();
  readonly #wildcards = new Map<Selector, number>();
  #limited = false;
  #key: string | undefined;

  /** Adds the selector, or takes over its grant of now. */
  add({ selector, historyFrom }: ReadGrant): void {
    if (hasWildcard(selector)) this.#wildcards.set(selector, historyFrom);
    else this.#exact.set(asTopic(selector), historyFrom);
    this.#changed();
  }

  delete(selector: Selector): boolean {
    const found = this.#wildcards.delete(selector) || this.#exact.delete(asTopic(selector));
    if (found) this.#changed();
    return found;
  }

  has(selector: Selector): boolean {
    return this.#wildcards.has(selector) || this.#exact.has(asTopic(selector));
  }

  get size(): number {
    return this.#exact.size + this.#wildcards.size;
  }

  /** All selectors, oldest exact ones first. */
  get selectors(): Selector[] {
    return [...(this.#exact.keys() as Iterable<string> as Iterable<Selector>), ...this.#wildcards.keys()];
  }

  get topics(): Iterable<Topic> {
    return this.#exact.keys();
  }

  get hasWildcards(): boolean {
    return this.#wildcards.size > 0;
  }

  /** Equal for equal sets of selectors. */
  get key(): string {
    return (this.#key ??= this.selectors.sort().join(','));
  }

  /** The first topic in the publisher's order by which this session may see the event. Linear in topics × wildcards. */
  view(event: LogEvent): Topic | undefined {
    return event.topics.find((topic) => this.#mayShow(event, topic));
  }

  /** Whether the event may be shown by this topic, which one of the selectors is known to match. */
  shows(event: LogEvent, topic: Topic): boolean {
    return !this.#limited || this.#mayShow(event, topic);
  }

  #mayShow(event: LogEvent, topic: Topic): boolean {
    const historyFrom = this.#exact.get(topic);
    if (historyFrom !== undefined && event.publishedAt >= historyFrom) return true;
    for (const [selector, from] of this.#wildcards)
      if (event.publishedAt >= from && matches(selector, topic)) return true;
    return false;
  }

  #changed(): void {
    this.#key = undefined;
    this.#limited = [...this.#exact.values(), ...this.#wildcards.values()].some((historyFrom) => historyFrom > 0);
  }
}

/** A selector without wildcards is a topic. */
function asTopic(selector: Selector): Topic {
  return selector as string as Topic;
}
