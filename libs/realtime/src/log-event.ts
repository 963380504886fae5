import type { EphemeralEntry, LogEntry } from '#clarion/event-bus';
import { renderNotification } from '#clarion/notifications';
import type { Cursor, EventName, Topic } from '#clarion/protocol';

/** Envelope around the body on the wire: names, id, cursor, timestamps. */
const ENVELOPE_BYTES = 160;

/** Something published, as sessions and codecs see it. Immutable, shared by all of its readers. */
export class LogEvent {
  readonly name: EventName = 'notification';
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
  /** About its size on the wire and in memory, for bounding buffers. */
  readonly bytes: number;
  readonly #entry: LogEntry | EphemeralEntry;

  private constructor(
    entry: LogEntry | EphemeralEntry,
    offset: number | undefined,
    cursor: Cursor | undefined,
    collapseKey: string | undefined,
  ) {
    this.#entry = entry;
    this.offset = offset;
    this.cursor = cursor;
    this.collapseKey = collapseKey;
    // Topics were checked at the publisher's door.
    this.topics = entry.topics as readonly Topic[];
    this.publishedAt = entry.publishedAt;
    this.bytes = entry.body.length + ENVELOPE_BYTES;
  }

  static durable(entry: LogEntry, cursor: Cursor): LogEvent {
    return new LogEvent(entry, entry.offset, cursor, undefined);
  }

  static ephemeral(entry: EphemeralEntry): LogEvent {
    return new LogEvent(entry, undefined, undefined, entry.collapseKey);
  }

  /** The event's data as JSON text, as a reader sees it by `topic`. Contains no raw control characters. */
  json(topic: Topic): string {
    return renderNotification(this.#entry, this.cursor, topic);
  }
}

/** An event, and the topic by which one reader may see it. */
export interface View {
  readonly event: LogEvent;
  readonly topic: Topic;
}
