import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { DomainError } from '#clarion/protocol';
import { Turnstile } from './turnstile.js';
import { refuseUpgrade } from './upgrade-refusal.js';

/** Takes over a connection whose client asked to speak another protocol. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Decides by path who answers an upgrade. Node gives every upgrade to every listener, and leaves a socket open that none of them
 * answered; this is the one listener that knows all paths, and refuses what nobody mounted.
 */
export class UpgradeRouter {
  readonly #handlers = new Map<string, UpgradeHandler>();
  readonly #foreign = new Set<string>();
  readonly #turnstile = new Turnstile();

  /** Mounts a handler on exactly this path. @throws {Error} when the path is taken. */
  mount(path: string, handler: UpgradeHandler): void {
    if (this.#handlers.has(path)) throw new Error(`two upgrade handlers on ${path}`);
    this.#handlers.set(path, handler);
  }

  /** Leaves all paths with this prefix to somebody who listens to the server's upgrades directly, as engine.io does. */
  leave(prefix: string): void {
    this.#foreign.add(prefix);
  }

  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#route(request, socket, head),
    );
  }

  /**
   * Calls `enter` when it is this client's turn: at once, unless many come at once. A client that goes while it waits is not let in. Those
   * on mounted paths have been let in already.
   */
  letIn(socket: Duplex, enter: () => void): void {
    // Nobody else listens yet, and a client that resets must not end the process.
    socket.on('error', cutOff);
    this.#turnstile.pass(() => {
      socket.off('error', cutOff);
      if (!socket.destroyed) enter();
    });
  }

  #route(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const handler = this.#handlers.get(path);
    if (handler !== undefined) this.letIn(socket, () => handler(request, socket, head));
    else if (![...this.#foreign].some((prefix) => path.startsWith(prefix)))
      refuseUpgrade(socket, new DomainError('route.unknown'));
  }
}

function cutOff(this: Duplex): void {
  this.destroy();
}
