import { MARK_NEEDLE, writeDigits, writeMark } from './mark.js';
import { topicOf, TOPIC_DIGITS } from './layout.js';
import type { PublishTarget } from './messages.js';
import { requestBytes, TOPIC_NEEDLE } from './publish-request.js';

/**
 * At most one request in flight, so that the order of a lane's messages is known. The request is built once; each sending overwrites
 * the digits of its topics and marks, so that the publisher costs little beside any server.
 */
export class PublishLane {
  readonly index: number;
  readonly #request: Buffer;
  readonly #marksAt: readonly number[];
  readonly #topicsAt: readonly number[];
  readonly #topics: number;
  #accepted = 0;
  #scheduledMicros = 0;

  /** @throws {RangeError} when the target does not say where the topic belongs. */
  constructor(index: number, target: PublishTarget) {
    this.index = index;
    this.#topics = target.topics;
    this.#request = requestBytes(target, index);
    this.#marksAt = placesOf(this.#request, MARK_NEEDLE);
    this.#topicsAt = placesOf(this.#request, TOPIC_NEEDLE);
    const hasTopics =
      this.#topicsAt.length === target.batch.size || (target.topics === 1 && this.#topicsAt.length === 0);
    if (this.#marksAt.length !== target.batch.size || !hasTopics)
      throw new RangeError('each message needs one mark and one topic');
  }

  /** Messages that were accepted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** When the request in flight, or the last one, should have been sent. */
  get scheduledMicros(): number {
    return this.#scheduledMicros;
  }

  /** The lane's next request. Precondition: nothing is in flight, for it is the same buffer each time. */
  next(scheduledMicros: number): Buffer {
    this.#scheduledMicros = scheduledMicros;
    for (let i = 0; i < this.#marksAt.length; i++) this.#number(i, this.#accepted + 1 + i);
    return this.#request;
  }

  /** The request in flight was accepted. */
  onAccepted(): void {
    this.#accepted += this.#marksAt.length;
  }

  #number(i: number, sequence: number): void {
    writeMark(this.#request, this.#marksAt[i]!, this.index, sequence, this.#scheduledMicros);
    const topicAt = this.#topicsAt[i];
    if (topicAt !== undefined)
      writeDigits(this.#request, topicAt, TOPIC_DIGITS, topicOf(this.index, sequence, this.#topics));
  }
}

function placesOf(bytes: Buffer, needle: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) places.push(at);
  return places;
}
