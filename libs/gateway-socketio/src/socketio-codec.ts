import type { ControlEvent, Topic } from '#clarion/protocol';
import { textFrame, type Codec, type LogEvent } from '#clarion/realtime';

/** One or more Socket.IO events, ready for either transport. */
export interface SocketIoFrame {
  /** The Socket.IO packet, for transports that frame it themselves and are given one event at a time; of several events the first. */
  readonly packet: string;
  /** For Engine.IO's WebSocket transport: the same packets as finished frames, to be written as they are. One object for all who get them. */
  readonly options: { readonly compress: false; readonly wsPreEncodedFrame: readonly [Buffer] };
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
      packet: frames[0]!.packet,
      options: preEncoded(Buffer.concat(frames.map(({ options }) => options.wsPreEncodedFrame[0]))),
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
  return { packet, options: preEncoded(textFrame(MESSAGE + packet)) };
}

function preEncoded(webSocket: Buffer): SocketIoFrame['options'] {
  return { compress: false, wsPreEncodedFrame: [webSocket] };
}
