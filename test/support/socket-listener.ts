import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

export interface SocketEvent {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** A stock Socket.IO client, and everything that it was told, in order: for judging what is on the wire. */
export class SocketListener {
  readonly socket: Socket;
  /** Events of the server; besides `connect`, `disconnect` with its reason, and `connect_error` with what the server said. */
  readonly events: SocketEvent[] = [];
  readonly #waiting = new Set<() => void>();

  /** @param auth what the client brings; by default it does not come back after a cut. */
  constructor(url: string, auth: Record<string, unknown>, options: Partial<ManagerOptions & SocketOptions> = {}) {
    this.socket = io(url, { forceNew: true, reconnection: false, transports: ['websocket'], auth, ...options });
    this.socket.onAny((name: string, ...args: unknown[]) => this.#add(name, args));
    this.socket.on('connect', () => this.#add('connect', []));
    this.socket.on('disconnect', (reason) => this.#add('disconnect', [reason]));
    this.socket.on('connect_error', (error) =>
      this.#add('connect_error', ['data' in error ? error.data : error.message]),
    );
  }

  named(name: string): SocketEvent[] {
    return this.events.filter((event) => event.name === name);
  }

  /** The first `count` events of a name, as soon as they are there. */
  first(name: string, count = 1, timeoutMs = 10_000): Promise<SocketEvent[]> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.named(name);
        if (found.length < count) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found.slice(0, count));
      };
      const late = () =>
        reject(new Error(`no ${count} × ${name} within ${timeoutMs} ms; got ${JSON.stringify(this.events)}`));
      const timer = setTimeout(late, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** Emits and resolves with the acknowledgement. */
  ask(name: string, request: unknown): Promise<unknown> {
    return this.socket.timeout(5_000).emitWithAck(name, request);
  }

  close(): void {
    this.socket.close();
  }

  #add(name: string, args: unknown[]): void {
    this.events.push({ name, args });
    for (const look of this.#waiting) look();
  }
}
