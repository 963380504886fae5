import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Logger, type INestApplicationContext } from '@nestjs/common';
import { Adapter } from 'socket.io-adapter';
import { Server, type ServerOptions, type Socket } from 'socket.io';
import { Access, Limits, protectiveHeaders } from '#clarion/access';
import { DomainError, retryHeaders } from '#clarion/protocol';
import { problemOf, refuseUpgrade, UpgradeRouter } from '#clarion/realtime';
import { SOCKETIO_CONFIG, type GatewaySocketIoConfig } from './gateway-socketio.config.js';

const PATH = '/socket.io';

/** Engine.IO itself looks at it only when it has accepted a WebSocket already. */
const PROTOCOL = /[?&]EIO=4(?:&|$)/;

const logger = new Logger('SocketIoHandshake');

/**
 * The application's one WebSocket adapter. Recovery is enabled only for its client half, which brings `auth.offset` back: the plain
 * adapter restores no session, and the log does.
 */
export class ClarionIoAdapter extends IoAdapter {
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #config: GatewaySocketIoConfig;
  readonly #router: UpgradeRouter;
  #gateways = 0;

  /** @param config absent: that of the application's `GatewaySocketIoModule`. */
  constructor(
    app: INestApplicationContext,
    config = app.get<GatewaySocketIoConfig>(SOCKETIO_CONFIG, { strict: false }),
  ) {
    super(app);
    this.#access = app.get(Access, { strict: false });
    this.#limits = app.get(Limits, { strict: false });
    this.#config = config;
    this.#router = app.get(UpgradeRouter, { strict: false });
    this.#router.leave(PATH);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const all = { ...options, ...this.serverOptions() };
    const server = port === 0 ? new Server(this.httpServer, all) : new Server(port, all);
    protectAnswers(server);
    this.#refuseForeigners(server);
    nameRefusals(server);
    return server;
  }

  /** Called for each gateway of the application. If there is but one, it has seen what the client brought, and nobody else will ask. */
  override bindClientConnect(server: Server, callback: (socket: Socket) => void): void {
    this.#gateways++;
    super.bindClientConnect(server, (socket: Socket) => {
      callback(socket);
      if (this.#gateways === 1) letGo(socket);
    });
  }

  /** For a gateway without handlers Nest would keep a pipeline that ends them. */
  override bindMessageHandlers(...args: Parameters<IoAdapter['bindMessageHandlers']>): void {
    if (args[1].length > 0) super.bindMessageHandlers(...args);
  }

  /** Comes once by itself, so that it needs none of the wrappers of `once`. */
  override bindClientDisconnect(client: Socket, callback: (reason: string) => void): void {
    client.on('disconnect', callback);
  }

  /** What the application's Socket.IO server is told, whatever its gateways say. */
  protected serverOptions(): Partial<ServerOptions> {
    return {
      path: PATH,
      adapter: Adapter,
      connectionStateRecovery: { skipMiddlewares: false },
      // Other paths' upgrades are the upgrade router's: engine.io would end them after a second.
      destroyUpgrade: false,
      maxHttpBufferSize: this.#config.maxMessageBytes,
      connectTimeout: this.#config.connectTimeoutMs,
      pingInterval: this.#config.heartbeatMs,
      pingTimeout: Math.ceil(this.#config.heartbeatMs / 2),
      perMessageDeflate: false,
      cors: ({ headers: { origin } }, answer) => {
        const isListed = origin !== undefined && this.#access.isOriginAllowed(origin);
        answer(null, isListed ? { origin, credentials: this.#access.acceptsCookies } : { origin: false });
      },
      allowRequest: (request, answer) => {
        const refusal = this.#refusalOf(request);
        if (refusal === undefined) this.#router.letIn(request.socket, () => answer(undefined, true));
        else refuseHandshake(request, refusal);
      },
    };
  }

  /** Of each request: Engine.IO itself would ask only once for each connection. */
  #refuseForeigners({ engine }: Server): void {
    engine.use((request: IncomingMessage, _response: ServerResponse, next: () => void) => {
      if (this.#access.isOriginAllowed(request.headers.origin)) next();
      else refuseHandshake(request, new DomainError('origin.forbidden'));
    });
  }

  #refusalOf(request: IncomingMessage): DomainError | undefined {
    if (!PROTOCOL.test(request.url ?? '')) return new DomainError('request.invalid', 'EIO=4 alone is spoken here');
    try {
      const address = this.#limits.clientAddress(request);
      this.#limits.takeHandshake(address);
      this.#limits.assertRoom(address);
      return undefined;
    } catch (error) {
      if (error instanceof DomainError) return error;
      throw error;
    }
  }
}

/** Engine.IO has no words for this, and keeps nothing of a handshake that it was not told to go on with. */
function refuseHandshake(request: IncomingMessage & { readonly res?: ServerResponse }, error: DomainError): void {
  if (request.res === undefined) return refuseUpgrade(request.socket, error);
  const problem = problemOf(error, logger);
  const headers = {
    ...retryHeaders(error),
    'x-request-id': problem.requestId,
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  request.res.writeHead(problem.status, headers).end(JSON.stringify(problem));
}

/** Engine.IO answers before the application's HTTP server does: polls, refusals and the client's files alike. */
function protectAnswers({ httpServer }: Server): void {
  const headers = Object.entries(protectiveHeaders(httpServer instanceof TlsServer));
  httpServer.prependListener('request', ({ url }: IncomingMessage, response: ServerResponse) => {
    if (url?.startsWith(PATH) !== true) return;
    for (const [name, value] of headers) response.setHeader(name, value);
    response.setHeader('x-request-id', randomUUID());
  });
}

/** Engine.IO tells its own refusals in a word or two: of polls it does so beside an id, of upgrades this comes first. */
function nameRefusals({ engine }: Server): void {
  engine.on(
    'connection_error',
    ({ req, message }: { req: IncomingMessage & { res?: ServerResponse }; message: string }) => {
      if (req.res === undefined) refuseUpgrade(req.socket, new DomainError('request.invalid', message));
      else logger.debug({ requestId: req.res.getHeader('x-request-id'), msg: message });
    },
  );
}

const NOTHING = Object.freeze({});

/** Forgets the request and all that stood in it, tokens too, which a socket otherwise keeps for as long as it lives. */
function letGo(socket: Socket): void {
  Object.assign(socket.conn, { request: undefined });
  Object.assign(socket.handshake, { headers: NOTHING, auth: NOTHING, query: NOTHING, url: '', time: '' });
}
