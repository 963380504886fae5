import type { Published } from '#clarion/notifications';
import type { ControlEvent, MessageId, Problem, Ready, Reply, Topic } from '#clarion/protocol';
import { textFrame, type Codec, type LogEvent } from '#clarion/realtime';

/** `clarion.v1.json`: `{ "event", "data" }` and replies, each a finished text frame; joined frames are one write. */
export class WebSocketCodec implements Codec<Buffer> {
  readonly name = 'websocket';
  readonly #readies = new WeakMap<Buffer, Ready>();

  encode(event: LogEvent, topic: Topic): Buffer {
    return textFrame(`{"event":"${event.name}","data":${event.json(topic)}}`);
  }

  join(frames: readonly Buffer[]): Buffer {
    return Buffer.concat(frames);
  }

  control(event: ControlEvent): Buffer {
    const frame = textFrame(JSON.stringify({ event: event.name, data: event.data }));
    if (event.name === 'ready') this.#readies.set(frame, event.data);
    return frame;
  }

  /** What was said in this frame, if it is a `ready`. */
  readyIn(frame: Buffer): Ready | undefined {
    return this.#readies.get(frame);
  }

  reply(id: MessageId, data?: unknown): Buffer {
    return textFrame(JSON.stringify({ event: 'reply', id, ok: true, data } satisfies Reply));
  }

  /** The reply to a publish; ids and cursors need no escaping. */
  published(id: MessageId, { id: notification, cursor, replayed }: Published): Buffer {
    const place = cursor === undefined ? '' : `,"cursor":"${cursor}"`;
    const again = replayed ? ',"replayed":true' : '';
    const name = typeof id === 'number' ? id : JSON.stringify(id);
    return textFrame(`{"event":"reply","id":${name},"ok":true,"data":{"id":"${notification}"${place}${again}}}`);
  }

  /** @param id null: the message had none that could be read. */
  refusal(id: MessageId | null, error: Problem): Buffer {
    return textFrame(JSON.stringify({ event: 'reply', id, ok: false, error }));
  }
}
