import type { Principal } from '#clarion/access';
import type { Publisher } from '#clarion/notifications';
import {
  assertPlainJson,
  DomainError,
  MAX_BATCH_ITEMS,
  MAX_PUBLISH_BYTES,
  parsePublish,
  type Problem,
  type PublishReply,
} from '#clarion/protocol';

/** What all lanes share. */
export interface LaneHost {
  /** Publishes of all clients that are not answered. */
  underWay: number;
  readonly publisher: Pick<Publisher, 'publish' | 'turnAway'>;
  /** Largest message of a client: bytes. */
  readonly maxMessageBytes: number;
  /** An error as the client is told of it. */
  problem(error: unknown): Problem;
}

/**
 * The publishes of one client that are under way: begun in the order of the calls, which is their order in the log, and each
 * acknowledged when it is done. None waits for the one before it, so that one commit takes many.
 */
export class PublishLane {
  readonly #host: LaneHost;
  #count = 0;
  #emptied: (() => void) | undefined;

  constructor(host: LaneHost) {
    this.#host = host;
  }

  /** Answers once, if the client wants an answer. Socket.IO cannot be read more slowly: what is too much at once is `rate.limited`, and while too many of all clients wait `overloaded`. */
  publish(who: Principal, body: unknown, answer: (data: PublishReply | { error: Problem }) => void): void {
    this.#count++;
    this.#host.underWay++;
    this.#begin(who, body)
      .then(answer, (error: unknown) => answer({ error: this.#host.problem(error) }))
      .finally(() => this.#done());
  }

  /** Takes no more, and calls `then` when everything was answered: at once if it is. */
  close(then: () => void): void {
    if (this.#count === 0) then();
    else this.#emptied = then;
  }

  /** Up to the first `await` of the publisher this is one synchronous call. */
  async #begin(who: Principal, body: unknown): Promise<PublishReply> {
    if (this.#emptied !== undefined) throw new DomainError('draining');
    if (this.#count > MAX_BATCH_ITEMS) throw new DomainError('rate.limited', 'too many publishes at once');
    if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
    const refusal = this.#host.publisher.turnAway();
    if (refusal !== undefined) throw refusal;
    this.#assertFits(body);
    const { id, cursor, replayed } = await this.#host.publisher.publish(who, parsePublish(body));
    return { id, ...(cursor !== undefined && { cursor }), ...(replayed && { replayed }) };
  }

  /** Socket.IO has parsed already, what was sent as bytes too. */
  #assertFits(body: unknown): void {
    assertPlainJson(body);
    const mayBeTooLarge = this.#host.maxMessageBytes > MAX_PUBLISH_BYTES;
    if (mayBeTooLarge && Buffer.byteLength(JSON.stringify(body) ?? '') > MAX_PUBLISH_BYTES)
      throw new DomainError('body.too_large');
  }

  #done(): void {
    this.#count--;
    this.#host.underWay--;
    if (this.#count === 0) this.#emptied?.();
  }
}
