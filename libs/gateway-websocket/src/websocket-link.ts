import type { MessageId } from '#clarion/protocol';
import type { Batch, CloseReason, Link, Peer, Visitor } from '#clarion/realtime';
import type { FrameWriter } from './frame-writer.js';
import type { WebSocketCodec } from './websocket-codec.js';

/** One WebSocket as its session sees it. */
export class WebSocketLink implements Link<Buffer> {
  readonly codec: WebSocketCodec;
  readonly #writer: FrameWriter;
  readonly #connection: Pick<Visitor, 'close' | 'peer'>;
  readonly #held: Buffer[] = [];
  #answerTo: MessageId | undefined;

  /**
   * @param answerTo the subscribe that opens the session: its reply comes before everything else, with the cursor of `ready`.
   */
  constructor(
    codec: WebSocketCodec,
    writer: FrameWriter,
    connection: Pick<Visitor, 'close' | 'peer'>,
    answerTo: MessageId | undefined,
  ) {
    this.codec = codec;
    this.#writer = writer;
    this.#connection = connection;
    this.#answerTo = answerTo;
  }

  write(batch: Batch<Buffer>): boolean {
    return this.#answerTo === undefined ? this.#writer.write(batch) : this.#answer(batch, this.#answerTo);
  }

  close(reason: CloseReason): void {
    this.#connection.close(reason);
  }

  peer(): Peer {
    return this.#connection.peer();
  }

  /** Only a `gap` comes before `ready`, so that no more than two frames are held. */
  #answer(batch: Batch<Buffer>, id: MessageId): boolean {
    this.#held.push(...batch.frames);
    const ready = batch.frames.map((frame) => this.codec.readyIn(frame)).find((found) => found !== undefined);
    if (ready === undefined) return true;
    this.#answerTo = undefined;
    const { topics, cursor } = ready;
    const frames = [this.codec.reply(id, { topics, cursor }), ...this.#held.splice(0)];
    return this.#writer.write({ frames, joined: () => this.codec.join(frames) });
  }
}
