import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Logger } from '@nestjs/common';
import {
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import { Access, Limits, ownCookie, type Principal, type Seat } from '#clarion/access';
import { Publisher } from '#clarion/notifications';
import { DomainError, ERRORS, parseCommand, type Wanted } from '#clarion/protocol';
import { Gateways, problemOf, Realtime, type Gateway, type Session } from '#clarion/realtime';
import { SOCKETIO_CONFIG, type GatewaySocketIoConfig } from './gateway-socketio.config.js';
import { parseHandshake } from './handshake.js';
import { PublishLane, type LaneHost } from './publish-lane.js';
import { SocketIoCodec } from './socketio-codec.js';
import { SocketIoLink } from './socketio-link.js';

/** What the middleware found out about a client, until it is connected; then its session. */
interface ClientData {
  admitted?: { readonly who: Principal; readonly wanted: Wanted };
  session?: Session;
  link?: SocketIoLink;
}

type Client = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, ClientData>;

type EngineConnection = Client['conn'];

const DRAIN_POLL_MS = 20;

/** Socket.IO on the default namespace: the handshake says who and what, then events flow, and commands are acknowledged. */
@WebSocketGateway()
export class ClarionGateway
  implements Gateway, OnGatewayInit<Server>, OnGatewayConnection<Client>, OnGatewayDisconnect<Client>
{
  readonly name = 'socketio';
  readonly #realtime: Realtime;
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #lanes: LaneHost;
  readonly #codec = new SocketIoCodec();
  readonly #logger = new Logger(ClarionGateway.name);
  /** Connections that have become WebSockets. Engine.IO forgets one while it may still wait half a minute for its client's goodbye. */
  readonly #upgraded = new Set<Duplex>();
  readonly #untrack: (this: Duplex) => void;
  /** The places of Engine.IO's connections, from their opening on. */
  readonly #seats = new WeakMap<EngineConnection, Seat>();
  #server: Server | undefined;

  constructor(
    @Inject(Realtime) realtime: Realtime,
    @Inject(Access) access: Access,
    @Inject(Limits) limits: Limits,
    @Inject(Gateways) gateways: Gateways,
    @Inject(Publisher) publisher: Publisher,
    @Inject(SOCKETIO_CONFIG) { maxMessageBytes }: GatewaySocketIoConfig,
  ) {
    this.#realtime = realtime;
    this.#access = access;
    this.#limits = limits;
    this.#lanes = { underWay: 0, publisher, maxMessageBytes, problem: (error) => problemOf(error, this.#logger) };
    const upgraded = this.#upgraded;
    this.#untrack = function untrack() {
      upgraded.delete(this);
    };
    gateways.register(this);
  }

  afterInit(server: Server): void {
    this.#server = server;
    server.httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      if (request.url?.startsWith(server.path()) === true) this.#track(socket);
    });
    server.engine.on('connection', (connection: EngineConnection) => this.#seat(connection));
    server.use((socket, next) => {
      this.#admit(socket).then(
        () => next(),
        (error: unknown) => this.#refuse(socket, error, next),
      );
    });
  }

  handleConnection(socket: Client): void {
    const link = new SocketIoLink(this.#codec, socket, this.#addressOf(socket));
    try {
      const { who, wanted } = socket.data.admitted!;
      const session = this.#realtime.open(link, who, wanted);
      link.bind(session);
      socket.data = { session, link };
      // One listener for all commands: Nest's own would make an RxJS pipeline of each, for each client.
      socket.onAny((name: string, ...args: unknown[]) => this.#hear(socket, name, args));
    } catch (error) {
      // Between the middleware and here only the server's state can have changed: the client may come back.
      this.#logger.debug({ error });
      socket.conn.close();
    }
  }

  handleDisconnect(socket: Client): void {
    socket.data.session?.ended();
  }

  async drain(signal: AbortSignal): Promise<void> {
    const engine = this.#server?.engine as
      { clientsCount: number; clients: Record<string, { close(discard?: boolean): void }> } | undefined;
    if (engine === undefined) return;
    while (this.#lanes.underWay > 0 && !signal.aborted) await pause(DRAIN_POLL_MS);
    for (const client of Object.values(engine.clients)) client.close();
    while (engine.clientsCount + this.#upgraded.size > 0 && !signal.aborted) await pause(DRAIN_POLL_MS);
    for (const client of Object.values(engine.clients)) client.close(true);
    for (const socket of this.#upgraded) socket.destroy();
  }

  #track(socket: Duplex): void {
    this.#upgraded.add(socket);
    socket.on('close', this.#untrack);
  }

  /** Engine.IO was told that there is room; if there is none any more the client comes back. */
  #seat(connection: EngineConnection): void {
    try {
      const seat = this.#limits.enter(this.#limits.clientAddress(connection.request));
      seat.leaveWith(connection);
      this.#seats.set(connection, seat);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      connection.close();
    }
  }

  /** Before the request is let go of. */
  #addressOf({ conn, request }: Client): string {
    return this.#limits.clientAddress(request) ?? conn.remoteAddress;
  }

  async #admit(socket: Client): Promise<void> {
    const { token, wanted } = parseHandshake(socket.handshake.auth);
    const { authorization } = socket.handshake.headers;
    const cookie = ownCookie(socket.request);
    const known = this.#access.authenticate({ authorization, accessToken: token, cookie });
    const who = await this.#limits.login(this.#addressOf(socket), known);
    this.#seats.get(socket.conn)?.take(who);
    this.#realtime.authorise(who, wanted);
    socket.data = { admitted: { who, wanted } };
  }

  /** An error that a later try can get round closes the connection, so that the client comes back; any other is final for it. */
  #refuse(socket: Client, error: unknown, next: (error: Error) => void): void {
    const problem = problemOf(error, this.#logger);
    if (ERRORS[problem.code].retry) socket.conn.close();
    else next(Object.assign(new Error(problem.code), { data: problem }));
  }

  /** The acknowledgement is what the command answers, or `{ error: problem }`. Events of others' gateways are theirs. */
  #hear(socket: Client, name: string, args: unknown[]): void {
    if (socket.listenerCount(name) > 0) return;
    const answer = typeof args.at(-1) === 'function' ? args.pop() : undefined;
    if (name === 'publish')
      return this.#publish(socket, args[0], (data) => typeof answer === 'function' && answer(data));
    void this.#answerTo(name, socket.data, bodyOf(args)).then((data) => {
      if (typeof answer === 'function') answer(data);
    });
  }

  /** By the rights of the newest token. */
  #publish({ data }: Client, body: unknown, answer: (data: unknown) => void): void {
    if (data.session === undefined || data.link === undefined) return;
    data.link.lane ??= new PublishLane(this.#lanes);
    data.link.lane.publish(data.session.who, body, answer);
  }

  async #answerTo(name: string, { session, link }: ClientData, body: unknown): Promise<unknown> {
    try {
      if (session !== undefined) this.#limits.takeCommand(session.who, link?.address);
      return await session?.handle(parseCommand(name, body));
    } catch (error) {
      return { error: problemOf(error, this.#logger) };
    }
  }
}

/** One without arguments asks for no more than one without fields over WebSocket. */
function bodyOf(args: readonly unknown[]): unknown {
  if (args.length === 0) return {};
  return args.length > 1 ? args : args[0];
}
