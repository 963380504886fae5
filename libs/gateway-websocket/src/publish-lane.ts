import type { Principal } from '#clarion/access';
import type { Published, Publisher } from '#clarion/notifications';
import {
  DomainError,
  MAX_BATCH_BYTES,
  MAX_BATCH_ITEMS,
  MAX_PUBLISH_BYTES,
  parsePublish,
  type MessageId,
  type Problem,
} from '#clarion/protocol';
import type { Batch } from '#clarion/realtime';
import type { Request } from './message.js';
import type { WebSocketCodec } from './websocket-codec.js';

/** What a lane needs of those around it. */
export interface LaneHost {
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly codec: WebSocketCodec;
  /** An error as the client is told of it. */
  problem(error: unknown): Problem;
  /** Takes the replies of one turn. */
  say(replies: Batch<Buffer>): unknown;
  /** Replies have been said: there is room for more publishes. */
  room(): void;
}

/**
 * The publishes of one connection that are under way: begun in the order of the calls, which is their order in the log, and each
 * answered when it is done. None waits for the one before it, so that one commit takes many. What is answered in one turn is one write.
 */
export class PublishLane {
  readonly #host: LaneHost;
  #count = 0;
  #bytes = 0;
  #replies: Buffer[] = [];

  constructor(host: LaneHost) {
    this.#host = host;
  }

  /** As much is under way as one batch request may bring. */
  get isFull(): boolean {
    return this.#count >= MAX_BATCH_ITEMS || this.#bytes >= MAX_BATCH_BYTES;
  }

  /** Everything was answered. */
  get isEmpty(): boolean {
    return this.#count === 0 && this.#replies.length === 0;
  }

  publish(who: Principal, request: Request): void {
    this.#count++;
    this.#bytes += request.bytes;
    this.#begin(who, request).then(
      (published) => this.#done(request, this.#host.codec.published(request.id, published)),
      (error: unknown) => this.#done(request, this.#refusal(request.id, error)),
    );
  }

  /** Refusals come in the order of POST /v1/notifications. Up to the first `await` of the publisher this is one synchronous call. */
  #begin(who: Principal, { body, bytes }: Request): Promise<Published> {
    try {
      if (bytes > MAX_PUBLISH_BYTES) throw new DomainError('body.too_large');
      if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
      return this.#host.publisher.publish(who, parsePublish(body));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #refusal(id: MessageId, error: unknown): Buffer {
    return this.#host.codec.refusal(id, this.#host.problem(error));
  }

  #done({ bytes }: Request, reply: Buffer): void {
    this.#count--;
    this.#bytes -= bytes;
    // Within promises a tick comes when all of them that are done have been heard: those of the same commit.
    if (this.#replies.push(reply) === 1) process.nextTick(() => this.#flush());
  }

  #flush(): void {
    const frames = this.#replies;
    this.#replies = [];
    this.#host.say({
      frames,
      joined: () => (frames.length === 1 ? frames[0]! : this.#host.codec.join(frames)),
    });
    this.#host.room();
  }
}
