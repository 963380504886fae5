import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { KeyObject } from 'node:crypto';
import { freePort } from './server.js';

/** What is published of one key. */
export interface PublishedKey {
  readonly kid: string;
  readonly alg: string;
  readonly publicKey: KeyObject;
}

/** A company's identity provider, as far as others see it: an address with its public keys, which may be exchanged, and may fail. */
export class IdentityProvider {
  /** What stands at the address now. */
  keys: readonly PublishedKey[] = [];
  /** In place of the keys, if given. */
  answer: ((response: ServerResponse) => void) | undefined;
  /** Requests so far. */
  requests = 0;
  readonly #server: Server;
  readonly #port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('request', (_request, response: ServerResponse) => this.#respond(response));
  }

  static async start(): Promise<IdentityProvider> {
    const provider = new IdentityProvider(createServer({ keepAlive: false }), await freePort());
    await provider.comeBack();
    return provider;
  }

  get jwksUrl(): string {
    return `http://127.0.0.1:${this.#port}/jwks.json`;
  }

  async comeBack(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Until it comes back connections are refused. */
  async goAway(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #respond(response: ServerResponse): void {
    this.requests++;
    if (this.answer !== undefined) return this.answer(response);
    const keys = this.keys.map(({ kid, alg, publicKey }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      alg,
      use: 'sig',
    }));
    response.writeHead(200, { 'content-type': 'application/jwk-set+json', connection: 'close' });
    response.end(JSON.stringify({ keys }));
  }
}
