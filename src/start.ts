import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule, DRIVERS } from './app.module.js';
import { banner } from './banner.js';
import { attachClarion, clarionHttpOptions } from './clarion.module.js';
import { loadConfig, type Config } from './config/config.js';
import type { Environment } from './config/section.js';
import { Requests } from './http/requests.js';
import { SecureServer } from './http/secure-server.js';
import { logRequest } from './http/request-log.js';
import { JsonLogger } from './logging/json-logger.js';
import { endOnSignals } from './shutdown.js';
import { reasonOf } from './start-error.js';
import { followCertificate, loadCertificate } from './tls.js';

/**
 * Connections that may wait to be accepted; the kernel lowers it to what it allows (`net.core.somaxconn`). With Node's 511 most of ten
 * thousand clients that return at once are dropped, and come back after TCP's seconds.
 */
const BACKLOG = 65_535;

/** Runs the server in this process until a signal ends it; a start that cannot be says why and ends with exit code 1. */
export async function startClarion(environment: Environment): Promise<void> {
  try {
    const config = await loadConfig(environment, DRIVERS);
    await serve(config, new JsonLogger(config.server.logLevel));
  } catch (error) {
    process.stderr.write(`${reasonOf(error, environment)}\n`);
    process.exit(1);
  }
}

async function serve(config: Config, logger: JsonLogger): Promise<void> {
  const { server } = config;
  const certificate = await loadCertificate(server);
  const app = await NestFactory.create<NestFastifyApplication>(
    await AppModule.forRoot(config),
    new FastifyAdapter(
      clarionHttpOptions({
        trustProxy: server.trustProxy,
        basePath: server.basePath,
        ...(certificate !== undefined && { tls: certificate.pair }),
      }),
    ),
    { logger, abortOnError: false },
  );
  endOnBugs(logger);
  endOnSignals(app, logger);
  app.get(Requests).observe((request) => logRequest(logger, request));
  attachClarion(app);
  await app.listen({
    port: server.port,
    // Of a name with two addresses Fastify would make two servers, and upgrades are heard on one.
    host: server.host === 'localhost' ? '127.0.0.1' : server.host,
    backlog: BACKLOG,
  });
  const http: unknown = app.getHttpServer();
  if (certificate !== undefined && http instanceof SecureServer) followCertificate(certificate, http, logger);
  await announce(app, config, logger);
}

async function announce(app: NestFastifyApplication, config: Config, logger: JsonLogger): Promise<void> {
  const { tlsCert, basePath } = config.server;
  const address = addressOf(await app.getUrl());
  const url = `${tlsCert === undefined ? address : address.replace(/^http:/, 'https:')}${basePath}`;
  if (config.server.environment === 'development') process.stdout.write(await banner(app, config, url));
  logger.write('info', { url, pid: process.pid, readyMs: Math.round(performance.now()) }, 'listening');
}

/** After a bug nothing is known of this process's state: what is on disk is safe, and clients come back. */
function endOnBugs(logger: JsonLogger): void {
  process.on('uncaughtException', (error, origin) => {
    logger.write('fatal', { err: error, origin }, 'a bug ended the process');
    process.exit(1);
  });
}

/** As people type it where only this machine is meant. */
function addressOf(url: string): string {
  return url.replace('//127.0.0.1:', '//localhost:').replace('//0.0.0.0:', '//localhost:');
}
