import type { ReadGrant } from '#clarion/access';
import { hasWildcard, matches, type Selector, type Topic } from '#clarion/protocol';
import type { LogEvent } from './log-event.js';
import { OPEN, type Screen } from './screen.js';
import { Subscription, type Receiver } from './subscription.js';

/** Up to so many selectors are looked through one by one: most readers have one, and a map for each would cost more than it saves. */
const FEW = 8;
const NONE: readonly Subscription[] = [];

/** What one reader reads: its selectors, and how far back it may see by each. */
export class Interest {
  readonly #reader: Receiver;
  readonly #screen: Screen;
  readonly #user: string | undefined;
  #exact = NONE;
  #wildcards = NONE;
  #bySelector: Map<string, Subscription> | undefined;
  #key: string | undefined;
  /** Whether the person may withhold what has no category, and the revision of the rules that says so: looked up once for many events. */
  #mayWithhold = true;
  #revision = -1;

  /** @param user the person who reads; undefined: nobody who could have chosen what to hear. */
  constructor(reader: Receiver, screen = OPEN, user?: string) {
    this.#reader = reader;
    this.#screen = screen;
    this.#user = user;
  }

  /**
   * Adds the selector and returns what is new to the index; or takes over its grant of now.
   * @param after the offset after which it is read; 0: from where the reader begins.
   */
  add({ selector, historyFrom }: ReadGrant, after = 0): Subscription | undefined {
    const known = this.#find(selector);
    if (known !== undefined) {
      known.historyFrom = historyFrom;
      return undefined;
    }
    const added = new Subscription(this.#reader, selector, historyFrom, after);
    // Not `push`, which makes room for sixteen more.
    if (hasWildcard(selector)) this.#wildcards = this.#wildcards.concat(added);
    else this.#exact = this.#exact.concat(added);
    this.#changed();
    return added;
  }

  /** Returns what the index must forget; undefined when there was no such selector. */
  delete(selector: Selector): Subscription | undefined {
    const found = this.#find(selector);
    if (found === undefined) return undefined;
    this.#exact = this.#exact.filter((other) => other !== found);
    this.#wildcards = this.#wildcards.filter((other) => other !== found);
    this.#changed();
    return found;
  }

  has(selector: Selector): boolean {
    return this.#find(selector) !== undefined;
  }

  get size(): number {
    return this.#exact.length + this.#wildcards.length;
  }

  /** Oldest exact ones first. */
  get subscriptions(): Subscription[] {
    return this.#exact.concat(this.#wildcards);
  }

  /** In the order of {@link subscriptions}. */
  get selectors(): Selector[] {
    return this.subscriptions.map(({ selector }) => selector);
  }

  get topics(): Topic[] {
    return this.#exact.map(({ selector }) => asTopic(selector));
  }

  get hasWildcards(): boolean {
    return this.#wildcards.length > 0;
  }

  /** Equal for equal sets of selectors. */
  get key(): string {
    return (this.#key ??= this.selectors.sort().join(','));
  }

  /** The first topic in the publisher's order by which this reader may see the event, and is to hear it now. Linear in topics × wildcards. */
  view(event: LogEvent): Topic | undefined {
    return event.topics.find((topic) => this.#shows(event, topic) && this.hears(event, topic));
  }

  /** Whether an event that this topic brought is to be heard now: it is not over, and the person has not chosen otherwise. */
  hears(event: LogEvent, topic: Topic): boolean {
    if (event.isPlain && !this.mayWithholdPlain) return true;
    return this.#screen.passes(event, topic, this.#user);
  }

  /** Whether the person may have chosen not to hear what has neither an end nor a category. */
  get mayWithholdPlain(): boolean {
    const { revision } = this.#screen;
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#mayWithhold = this.#screen.mayWithhold(this.#user);
    }
    return this.#mayWithhold;
  }

  #shows(event: LogEvent, topic: Topic): boolean {
    const exact = this.#find(topic);
    if (exact !== undefined && event.publishedAt >= exact.historyFrom) return true;
    return this.#wildcards.some(
      ({ selector, historyFrom }) => event.publishedAt >= historyFrom && matches(selector, topic),
    );
  }

  #find(selector: string): Subscription | undefined {
    if (this.size > FEW)
      return (this.#bySelector ??= new Map(this.subscriptions.map((own) => [own.selector, own]))).get(selector);
    for (const own of this.#exact) if (own.selector === selector) return own;
    for (const own of this.#wildcards) if (own.selector === selector) return own;
    return undefined;
  }

  #changed(): void {
    this.#key = undefined;
    this.#bySelector = undefined;
  }
}

/** A selector without wildcards is a topic. */
function asTopic(selector: Selector): Topic {
  return selector as string as Topic;
}
