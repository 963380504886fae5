import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Somebody who listens where nobody should ever call, and counts who does. */
export class Canary {
  connections = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.connections++;
      socket.destroy();
    });
  }

  /** @param address `::` listens at all addresses of this machine, also those of IPv4. */
  static async listen(address = '127.0.0.1'): Promise<Canary> {
    const server = createServer();
    server.listen(0, address);
    await once(server, 'listening');
    return new Canary(server);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the canary does not listen');
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  close(): void {
    this.#server.close();
  }
}
