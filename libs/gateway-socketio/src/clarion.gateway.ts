import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Inject, Logger } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayInit,
} from '@nestjs/websockets';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import { Access, type Principal } from '#clarion/access';
import {
  commandSchemas,
  DomainError,
  ERRORS,
  parseCommand,
  type CommandName,
  type Problem,
  type Wanted,
} from '#clarion/protocol';
import { Gateways, Realtime, type Gateway, type Session } from '#clarion/realtime';
import { parseHandshake } from './handshake.js';
import { SocketIoCodec } from './socketio-codec.js';
import { SocketIoLink } from './socketio-link.js';

/** What the middleware found out about a client, and its session once it is connected. */
interface ClientData {
  who: Principal;
  wanted: Wanted;
  session?: Session;
}

type Client = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, ClientData>;

const DRAIN_POLL_MS = 20;

/** Socket.IO on the default namespace: the handshake says who and what, then events flow, and commands are acknowledged. */
@WebSocketGateway()
export class ClarionGateway implements Gateway, OnGatewayInit<Server>, OnGatewayConnection<Client> {
  readonly name = 'socketio';
  readonly #realtime: Realtime;
  readonly #access: Access;
  readonly #codec = new SocketIoCodec();
  readonly #logger = new Logger(ClarionGateway.name);
  /** Connections that have become WebSockets. Engine.IO forgets one while it may still wait half a minute for its client's goodbye. */
  readonly #upgraded = new Set<Duplex>();
  #server: Server | undefined;

  constructor(
    @Inject(Realtime) realtime: Realtime,
    @Inject(Access) access: Access,
    @Inject(Gateways) gateways: Gateways,
  ) {
    this.#realtime = realtime;
    this.#access = access;
    gateways.register(this);
  }

  afterInit(server: Server): void {
    this.#server = server;
    server.httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      if (request.url?.startsWith(server.path()) === true) this.#track(socket);
    });
    server.use((socket, next) => {
      this.#admit(socket).then(
        () => next(),
        (error: unknown) => this.#refuse(socket, error, next),
      );
    });
  }

  handleConnection(socket: Client): void {
    const link = new SocketIoLink(this.#codec, socket);
    try {
      const session = this.#realtime.open(link, socket.data.who, socket.data.wanted);
      link.bind(session);
      socket.data.session = session;
      socket.onAny(answerUnknown);
    } catch (error) {
      // Between the middleware and here only the server's state can have changed: the client may come back.
      this.#logger.debug({ error });
      socket.conn.close();
    }
  }

  @SubscribeMessage('subscribe')
  subscribe(@ConnectedSocket() socket: Client, @MessageBody() body: unknown): Promise<unknown> {
    return this.#command('subscribe', socket, body);
  }

  @SubscribeMessage('unsubscribe')
  unsubscribe(@ConnectedSocket() socket: Client, @MessageBody() body: unknown): Promise<unknown> {
    return this.#command('unsubscribe', socket, body);
  }

  @SubscribeMessage('auth')
  auth(@ConnectedSocket() socket: Client, @MessageBody() body: unknown): Promise<unknown> {
    return this.#command('auth', socket, body);
  }

  @SubscribeMessage('history')
  history(@ConnectedSocket() socket: Client, @MessageBody() body: unknown): Promise<unknown> {
    return this.#command('history', socket, body);
  }

  async drain(signal: AbortSignal): Promise<void> {
    const engine = this.#server?.engine as
      { clientsCount: number; clients: Record<string, { close(discard?: boolean): void }> } | undefined;
    if (engine === undefined) return;
    for (const client of Object.values(engine.clients)) client.close();
    while (engine.clientsCount + this.#upgraded.size > 0 && !signal.aborted)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    for (const client of Object.values(engine.clients)) client.close(true);
    for (const socket of this.#upgraded) socket.destroy();
  }

  #track(socket: Duplex): void {
    this.#upgraded.add(socket);
    socket.once('close', () => this.#upgraded.delete(socket));
  }

  async #admit(socket: Client): Promise<void> {
    const { token, wanted } = parseHandshake(socket.handshake.auth);
    const who = await this.#access.authenticate({
      authorization: socket.handshake.headers.authorization,
      accessToken: token,
      cookie: socket.handshake.headers.cookie,
    });
    this.#realtime.authorise(who, wanted);
    Object.assign(socket.data, { who, wanted });
  }

  /** An error that a later try can get round closes the connection, so that the client comes back; any other is final for it. */
  #refuse(socket: Client, error: unknown, next: (error: Error) => void): void {
    if (!(error instanceof DomainError)) this.#logger.error({ error });
    const known = error instanceof DomainError ? error : new DomainError('internal');
    if (ERRORS[known.code].retry) socket.conn.close();
    else next(Object.assign(new Error(known.code), { data: known.toProblem() }));
  }

  /** The acknowledgement: what the command answers, or `{ error: problem }`. */
  async #command(op: CommandName, socket: Client, body: unknown): Promise<unknown> {
    try {
      return await socket.data.session?.handle(parseCommand(op, body));
    } catch (error) {
      return { error: this.#problem(error) };
    }
  }

  #problem(error: unknown): Problem {
    if (error instanceof DomainError) return error.toProblem();
    this.#logger.error({ error });
    return new DomainError('internal').toProblem();
  }
}

/** Nest is silent about events that have no handler; whoever waits for an answer gets one. */
function answerUnknown(name: string, ...args: unknown[]): void {
  const answer = args.at(-1);
  if (typeof answer !== 'function' || Object.hasOwn(commandSchemas, name)) return;
  const errors = [{ pointer: '/op', detail: 'no such command' }];
  answer({ error: new DomainError('body.invalid', undefined, errors).toProblem() });
}
