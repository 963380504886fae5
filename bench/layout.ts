/**
 * What is published, on how many topics, and who reads which of them. Topics have numbers from 0; publisher and readers know from
 * these rules alone which message belongs to which topic, and so which messages each reader must get.
 */
export interface Layout {
  /** Bytes of the JSON in the notification's `data` (at least 60). What a server adds to it comes on top. */
  readonly payloadBytes: number;
  /** 1–100,000. */
  readonly topics: number;
  /** How many of the topics each reader reads. */
  readonly topicsPerReader: number;
}

/** The topics of which each reader reads some. */
export type TopicSpread = Pick<Layout, 'topics' | 'topicsPerReader'>;

/** Everybody reads the one topic, to which small messages are published. */
export const ONE_TOPIC: Layout = { payloadBytes: 200, topics: 1, topicsPerReader: 1 };

/** Digits of a topic's number where it is written. */
export const TOPIC_DIGITS = 5;

/** Each lane of the publisher goes round all topics, beginning at the one of its own number. Sequence numbers begin at 1. */
export function topicOf(lane: number, sequence: number, topics: number): number {
  return (lane + sequence - 1) % topics;
}

/**
 * The topics of a reader (numbered from 0), ascending. Of as many readers as there are topics each topic has equally many; the next
 * as many have other combinations, so that few readers have all topics in common.
 */
export function topicsOf(reader: number, { topics, topicsPerReader }: TopicSpread): number[] {
  const distances = topicsPerReader < 2 ? 1 : Math.floor((topics - 1) / (topicsPerReader - 1));
  if (distances < 1) throw new RangeError(`no reader can read ${topicsPerReader} of ${topics} topics`);
  const distance = 1 + (Math.floor(reader / topics) % distances);
  const own = Array.from({ length: topicsPerReader }, (_, index) => (reader + index * distance) % topics);
  return own.toSorted((a, b) => a - b);
}

/** As it is written on the wire: of equal length for all. */
export function topicText(topic: number): string {
  return String(topic).padStart(TOPIC_DIGITS, '0');
}
