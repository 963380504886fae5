import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server, type ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { CertificatePair } from './certificate.js';
import { Http2Connections } from './http2-connections.js';

/** What TLS itself takes until a connection may say something; half-open ones are cut. Milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

const MIN_VERSION = 'TLSv1.2';

export interface SecureServerOptions extends ServerOptions<typeof IncomingMessage, typeof ServerResponse> {
  /** How an HTTP/2 request's address is read; as it came when absent. */
  readonly readUrl?: (url: string) => string;
}

/**
 * An HTTPS server that speaks HTTP/2 with those who offer it, and HTTP/1.1 with everybody else: all that Node's server for HTTP/1.1 does
 * (upgrades, limits in time) stays as it is, and only connections that chose `h2` go another way. Requests of both are heard as
 * `request`. Node's own mixture, `allowHTTP1`, knows no `closeAllConnections`, and no limits for half-sent requests, before Node 24.
 */
export class SecureServer extends Server {
  readonly #http2: Http2Connections;

  constructor({ readUrl = (url) => url, ...options }: SecureServerOptions) {
    super({
      minVersion: MIN_VERSION,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ...options,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    this.#http2 = new Http2Connections((request, response) => {
      request.url = readUrl(request.url);
      this.emit('request', request, response);
    });
    this.#splitByProtocol();
    // Nothing can be said to those with whom no key was agreed.
    this.removeAllListeners('tlsClientError');
    this.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** Connections to come are given this certificate; those that are open stay. @throws {Error} when the pair does not fit. */
  renew(pair: CertificatePair): void {
    this.setSecureContext({ minVersion: MIN_VERSION, ...pair });
  }

  /** As Node's; those who speak HTTP/2 are told not to begin anything here (GOAWAY), and may end what they began. */
  override close(closed?: (error?: Error) => void): this {
    super.close(closed);
    this.#http2.close();
    return this;
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    this.#http2.destroy();
  }

  #splitByProtocol(): void {
    const [speakHttp1] = this.listeners('secureConnection');
    this.removeAllListeners('secureConnection');
    this.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2') this.#http2.accept(socket);
      else speakHttp1?.call(this, socket);
    });
  }
}
