import type { ControlEvent, Topic } from '#clarion/protocol';
import { textFrame, type Codec, type LogEvent } from '#clarion/realtime';

/** One or more Socket.IO events, ready for either transport. */
export interface SocketIoFrame {
  /** Socket.IO packets, for transports that frame them themselves. */
  readonly packets: readonly string[];
  /** The same packets as finished WebSocket frames. */
  readonly webSocket: Buffer;
}

/**
 * Socket.IO protocol 5 over Engine.IO protocol 4. Every event that fixes a place ends with the cursor as a string: the stock
 * client's connection state recovery keeps the last one it saw and brings it back as `auth.offset`. Nothing else ends in a string.
 */
export class SocketIoCodec implements Codec<SocketIoFrame> {
  readonly name = 'socketio';

  encode(event: LogEvent, topic: Topic): SocketIoFrame {
    return frame(`2["${event.name}",${event.json(topic)}${event.cursor === undefined ? '' : `,"${event.cursor}"`}]`);
  }

  join(frames: readonly SocketIoFrame[]): SocketIoFrame {
    return {
      packets: frames.flatMap(({ packets }) => packets),
      webSocket: Buffer.concat(frames.map(({ webSocket }) => webSocket)),
    };
  }

  control(event: ControlEvent): SocketIoFrame {
    const cursor = 'cursor' in event.data ? `,"${event.data.cursor}"` : '';
    return frame(`2["${event.name}",${JSON.stringify(event.data)}${cursor}]`);
  }
}

/** Engine.IO's prefix of a message. */
const MESSAGE = '4';

function frame(packet: string): SocketIoFrame {
  return { packets: [packet], webSocket: textFrame(MESSAGE + packet) };
}
