import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { protectiveHeaders } from '#clarion/access';
import type { Metrics } from './metrics.js';

const PROTECTIVE_HEADERS = new Map(Object.entries(protectiveHeaders(false)));

/** `/metrics` on a port of its own, without a key: for networks in which the port itself is the protection. */
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(MetricsServer.name);
  readonly #server: Server;

  constructor(
    metrics: Metrics,
    private readonly port: number,
    private readonly host: string,
  ) {
    this.#server = createServer((request, response) => {
      response.setHeaders(PROTECTIVE_HEADERS);
      if (request.method !== 'GET' || request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        (error: unknown) => {
          this.#logger.error(error);
          response.writeHead(500).end();
        },
      );
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#server.listen(this.port, this.host);
    await once(this.#server, 'listening');
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
