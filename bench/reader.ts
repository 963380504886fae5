import { connect, type Socket } from 'node:net';
import type { MarkListener } from './mark.js';

/** One connected reader. */
export interface Reader {
  /** Closes the connection; nothing more is reported. */
  close(): void;
}

export interface ReaderEvents {
  /** Bytes have arrived, and marks may follow. */
  onData(): void;
  readonly onMark: MarkListener;
  /** The connection ended, or spoke nonsense, after it had been ready. */
  onLost(reason: string): void;
}

/** What a transport makes of the bytes of its connection. */
export interface ReaderProtocol {
  /** The first bytes that the client sends. */
  readonly hello: string;
  /**
   * @param piece only good until this returns: what must stay has to be copied.
   * @throws {Error} when the bytes are not this protocol.
   */
  push(piece: Buffer): void;
}

/** Where all readers of this process read into, one after another: a buffer for each reading would cost more than what is done with it. */
const ARRIVING = Buffer.alloc(64 * 1024);

/**
 * Connects a reader over a raw socket and resolves once its protocol has called `ready`. Rejects when the server refuses, says
 * nonsense, or is not ready within 30 s.
 */
export function openReader(
  port: number,
  events: ReaderEvents,
  speak: (socket: Socket, ready: () => void) => ReaderProtocol,
): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: ARRIVING, callback: onBytes } });
    let isReady = false;
    const fail = (reason: string): void => {
      socket.removeAllListeners('close');
      socket.destroy();
      if (isReady) events.onLost(reason);
      else reject(new Error(reason));
    };
    const patience = setTimeout(() => fail('a reader was not ready in 30 s'), 30_000);
    const protocol = speak(socket, () => {
      clearTimeout(patience);
      isReady = true;
      resolve({ close: () => void socket.removeAllListeners('close').destroy() });
    });
    function onBytes(bytes: number, buffer: Uint8Array): boolean {
      events.onData();
      try {
        protocol.push(buffer.length === bytes ? ARRIVING : ARRIVING.subarray(0, bytes));
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
      }
      return true;
    }
    socket.on('error', (error) => fail(`a reader's connection failed: ${error.message}`));
    socket.on('close', () => fail("a reader's connection was closed"));
    socket.write(protocol.hello);
  });
}
