import type { ControlEvent, Topic } from '#clarion/protocol';
import type { Codec, LogEvent } from '#clarion/realtime';

/**
 * Server-Sent Events (WHATWG HTML §9.2). JSON text has no raw line ends, and cursors are of a small alphabet, so that nothing a
 * publisher sends can begin a line. Notifications carry no `event:` field: `onmessage` hears them; all else is named. Whatever fixes a place has
 * its cursor as `id:`, which a browser brings back as `Last-Event-ID`.
 */
export class SseCodec implements Codec<Buffer> {
  readonly name = 'sse';

  encode(event: LogEvent, topic: Topic): Buffer {
    const id = event.cursor === undefined ? '' : `id: ${event.cursor}\n`;
    const name = event.name === 'notification' ? '' : `event: ${event.name}\n`;
    return Buffer.from(`${id}${name}data: ${event.json(topic)}\n\n`);
  }

  join(frames: readonly Buffer[]): Buffer {
    return Buffer.concat(frames);
  }

  control(event: ControlEvent): Buffer {
    const id = 'cursor' in event.data ? `id: ${event.data.cursor}\n` : '';
    const retry = 'retryAfterMs' in event.data ? `retry: ${event.data.retryAfterMs}\n` : '';
    return Buffer.from(`${retry}${id}event: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`);
  }

  /** How long a client that was cut off waits before it comes back, milliseconds. */
  retry(retryMs: number): Buffer {
    return Buffer.from(`retry: ${retryMs}\n\n`);
  }

  /** Keeps the connection alive through proxies; no client hears it. */
  readonly heartbeat = Buffer.from(':\n\n');
}
