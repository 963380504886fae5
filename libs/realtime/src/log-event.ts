import type { EntryTraits, EphemeralEntry, LogEntry } from '#clarion/event-bus';
import { renderNotification } from '#clarion/notifications';
import { userOfTopic, type Cursor, type EventName, type Topic } from '#clarion/protocol';

/** Envelope around the body on the wire: names, id, cursor, timestamps. */
const ENVELOPE_BYTES = 160;
/** Among so many topics looking at each is quicker than keeping a set. */
const FEW = 16;

/** Something that clients hear, as sessions and codecs see it. Immutable, shared by all of its readers. */
export class LogEvent {
  readonly name: EventName;
  /** Its place in the log; undefined for ephemeral events. */
  readonly offset: number | undefined;
  /** Undefined for ephemeral events. */
  readonly cursor: Cursor | undefined;
  /** Whom it concerns, in the publisher's order. */
  readonly topics: readonly Topic[];
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
  /** Of ephemeral events: a slow reader is kept the newest per key. */
  readonly collapseKey: string | undefined;
  /** The offset of the notification whose body it replaces there; undefined: it replaces none. */
  readonly amends: number | undefined;
  /** From then on nobody gets it, milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
  readonly category: string | undefined;
  /** Whether it may disturb people in their quiet hours. */
  readonly urgent: true | undefined;
  /** Whether it is what people can choose not to hear. */
  readonly isOptional: boolean;
  /** If it is plain: the revision of people's rules by which it is being offered. -1: none. The fan-out's business. */
  rulesRevision = -1;
  /** Neither has an end nor a category: most have none. */
  readonly isPlain: boolean;
  /** About its size on the wire and in memory, for bounding buffers. */
  readonly bytes: number;
  readonly #entry: LogEntry | EphemeralEntry;
  /** Of those that are not rendered per topic. */
  readonly #json: string | undefined;
  #topics: ReadonlySet<Topic> | undefined;

  private constructor(
    entry: LogEntry | EphemeralEntry,
    name: EventName,
    offset: number | undefined,
    cursor: Cursor | undefined,
    json?: string,
  ) {
    this.#entry = entry;
    this.#json = json;
    this.name = name;
    this.offset = offset;
    this.cursor = cursor;
    this.collapseKey = offset === undefined ? entry.collapseKey : undefined;
    // Topics were checked at the publisher's door.
    this.topics = entry.topics as readonly Topic[];
    this.publishedAt = entry.publishedAt;
    this.amends = entry.about === offset ? undefined : entry.about;
    this.expiresAt = entry.expiresAt;
    this.category = entry.category;
    this.urgent = entry.urgent;
    this.isOptional = name === 'notification' || name === 'updated' || name === 'retracted';
    this.isPlain = entry.expiresAt === undefined && entry.category === undefined;
    this.bytes = entry.body.length + ENVELOPE_BYTES;
  }

  /** Precondition: the entry is none of kind `erased`, of which no client hears. */
  static durable(entry: LogEntry, cursor: Cursor): LogEvent {
    return new LogEvent(entry, nameOf(entry.kind), entry.offset, cursor);
  }

  static ephemeral(entry: EphemeralEntry): LogEvent {
    return new LogEvent(entry, nameOf(entry.kind), undefined, undefined);
  }

  /**
   * An ephemeral event of the server's own, the same for whoever gets it.
   * @param json its data as JSON text.
   * @param collapseKey as {@link LogEvent.collapseKey}.
   */
  static control(name: EventName, topics: readonly Topic[], json: string, collapseKey?: string): LogEvent {
    const entry = {
      id: '',
      topics,
      publishedAt: Date.now(),
      body: json,
      ...(collapseKey !== undefined && { collapseKey }),
    };
    return new LogEvent(entry, name, undefined, undefined, json);
  }

  /** Whether it has ceased to be for anybody. @param now milliseconds since 1970. */
  isOver(now: number): boolean {
    return this.expiresAt !== undefined && this.expiresAt <= now;
  }

  /** Whether one of its topics is somebody's own. */
  get namesPeople(): boolean {
    return this.topics.some((topic) => userOfTopic(topic) !== undefined);
  }

  /** Whether it names the person whose own topic this is. Asked once for each who reads it, of whom it may name a thousand. */
  names(own: Topic): boolean {
    if (this.topics.length <= FEW) return this.topics.includes(own);
    return (this.#topics ??= new Set(this.topics)).has(own);
  }

  /** Whether the person on whose topic it is has chosen their preferences anew. */
  get changesPreferences(): boolean {
    return this.name === 'inbox' && this.#entry.body.startsWith('"change":"preferences"');
  }

  /** The event's data as JSON text, as a reader sees it by `topic`. Contains no raw control characters. */
  json(topic: Topic): string {
    return this.#json ?? renderNotification(this.#entry, this.cursor, topic);
  }

  /** This event in the form that `newer` has given to what both are about. What was taken back stays so. */
  revised(newer: LogEvent): LogEvent {
    if (this.name === 'retracted') return this;
    const { body, category, expiresAt, urgent } = newer.#entry;
    const entry = { ...this.#entry, body, category, expiresAt, urgent };
    return new LogEvent(entry, newer.name === 'retracted' ? 'retracted' : this.name, this.offset, this.cursor);
  }

  /** The same without one of its topics; undefined when it had no other. */
  without(topic: Topic): LogEvent | undefined {
    const topics = this.topics.filter((other) => other !== topic);
    if (topics.length === 0) return undefined;
    return new LogEvent({ ...this.#entry, topics }, this.name, this.offset, this.cursor, this.#json);
  }
}

/** An event, and the topic by which one reader may see it. */
export interface View {
  readonly event: LogEvent;
  readonly topic: Topic;
}

function nameOf(kind: EntryTraits['kind']): EventName {
  if (kind === 'erased') throw new Error('no client hears of an erasure');
  return kind ?? 'notification';
}
