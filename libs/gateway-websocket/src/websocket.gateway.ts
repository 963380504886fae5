import { randomInt } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Logger } from '@nestjs/common';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Access, Limits, Principal, Seat } from '#clarion/access';
import type { Publisher } from '#clarion/notifications';
import { DomainError, MAX_PUBLISH_BYTES, WEB_SOCKET_PROTOCOL } from '#clarion/protocol';
import { Deadlines, problemOf, refuseUpgrade, Wheel, type Gateway, type Realtime } from '#clarion/realtime';
import { assertHandshake, readAdmission, type Admission } from './admission.js';
import { Connection, type ConnectionHost } from './connection.js';
import type { GatewayWebSocketConfig } from './gateway-websocket.config.js';
import { COMPRESSION, declineNarrowWindow } from './compression.js';
import { WebSocketCodec } from './websocket-codec.js';

/** Pieces in which the bytes of one frame may arrive: a network cuts a full message into far fewer. */
const MAX_CHUNKS = 1_024;
/** Above the largest publish, so that one that is a little too large is answered; far larger ones close with 1009. */
const MAX_PUBLISH_MESSAGE_BYTES = MAX_PUBLISH_BYTES + 65_536;
/** What a refused handshake is told of (RFC 6455 §4.2.2). */
const SPOKEN = { 'sec-websocket-version': '13' };

/** A client whose upgrade was judged. */
interface Arrival {
  readonly address: string | undefined;
  readonly seat: Seat;
  /** Undefined: it has yet to say who it is. */
  readonly admission: Admission | undefined;
}

/** Plain WebSockets: decides about upgrades; one wheel beats for all connections, one timer watches what is awaited of them. */
export class WebSocketGateway implements Gateway {
  readonly name = 'websocket';
  readonly #realtime: Realtime;
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #publisher: Publisher;
  readonly #config: GatewayWebSocketConfig;
  readonly #server: WebSocketServer;
  /** Takes larger messages, from those who may publish. */
  readonly #serviceServer: WebSocketServer;
  readonly #host: ConnectionHost;
  readonly #logger = new Logger(WebSocketGateway.name);
  readonly #connections = new Set<Connection>();
  readonly #strangers = new Set<Connection>();
  readonly #wheel: Wheel<Connection>;
  readonly #deadlines = new Deadlines<Connection>((connection) => connection.overdue());
  #draining = false;
  #emptied: (() => void) | undefined;

  constructor(
    realtime: Realtime,
    access: Access,
    limits: Limits,
    publisher: Publisher,
    config: GatewayWebSocketConfig,
  ) {
    this.#realtime = realtime;
    this.#access = access;
    this.#limits = limits;
    this.#publisher = publisher;
    this.#config = config;
    this.#server = makeServer(config, config.maxMessageBytes);
    this.#serviceServer = makeServer(config, Math.max(config.maxMessageBytes, MAX_PUBLISH_MESSAGE_BYTES));
    this.#host = this.#makeHost();
    this.#wheel = new Wheel(config.heartbeatMs / 2, (connection) => connection.beat());
  }

  /** Takes over the connection of a client that asked for a WebSocket, or refuses it with a problem document. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // While its token is checked a client may reset, which must not end the process.
    socket.on('error', cutOff);
    this.#judge(request, socket)
      .then((arrival) => this.#accept(request, socket, head, arrival))
      .catch((error: unknown) => this.#refuse(socket, error));
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    // Those that read were told by their sessions.
    for (const connection of this.#connections)
      connection.close({ name: 'server.draining', retryAfterMs: randomInt(this.#config.retrySpreadMs + 1) });
    if (this.#connections.size > 0) await this.#empty(signal);
    this.#wheel.stop();
    this.#deadlines.stop();
    this.#server.close();
    this.#serviceServer.close();
  }

  async #judge(request: IncomingMessage, socket: Duplex): Promise<Arrival> {
    this.#assertOpen();
    assertHandshake(request, this.#access);
    const address = this.#limits.clientAddress(request);
    const seat = this.#seatFor(address, socket);
    const admission = await this.#limits.login(address, readAdmission(request, this.#access));
    if (admission !== undefined) {
      seat.take(admission.who);
      this.#realtime.authorise(admission.who, admission.wanted);
    } else if (this.#strangers.size >= this.#config.maxUnauthenticated)
      throw new DomainError('overloaded', 'too many clients have yet to say who they are');
    return { address, seat, admission };
  }

  /** @throws {DomainError} `rate.limited`, `overloaded`. */
  #seatFor(address: string | undefined, socket: Duplex): Seat {
    this.#limits.takeHandshake(address);
    const seat = this.#limits.enter(address);
    seat.leaveWith(socket);
    return seat;
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer, arrival: Arrival): void {
    this.#assertOpen();
    declineNarrowWindow(request);
    const server = mayPublish(arrival.admission?.who) ? this.#serviceServer : this.#server;
    server.handleUpgrade(request, socket, head, (accepted) => this.#begin(accepted, request.socket, arrival));
  }

  #begin(accepted: WebSocket, stream: Socket, { address, seat, admission }: Arrival): void {
    const connection = new Connection(accepted, stream, { address, seat }, this.#host);
    this.#connections.add(connection);
    this.#wheel.add(connection);
    if (admission !== undefined) return connection.open(admission.who, admission.wanted);
    this.#strangers.add(connection);
    this.#realtime.arrived(connection);
    connection.awaitToken();
  }

  #refuse(socket: Duplex, error: unknown): void {
    const isMalformed = error instanceof DomainError && error.code === 'request.invalid';
    refuseUpgrade(socket, error, isMalformed ? SPOKEN : {});
  }

  #assertOpen(): void {
    if (this.#draining) throw new DomainError('draining');
  }

  #empty(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#emptied = resolve;
      const cut = (): void => this.#connections.forEach((connection) => connection.terminate());
      if (signal.aborted) cut();
      else signal.addEventListener('abort', cut, { once: true });
    });
  }

  #makeHost(): ConnectionHost {
    return {
      realtime: this.#realtime,
      access: this.#access,
      limits: this.#limits,
      publisher: this.#publisher,
      codec: new WebSocketCodec(),
      authTimeoutMs: this.#config.authTimeoutMs,
      expects: (connection, by) =>
        by === undefined ? this.#deadlines.delete(connection) : this.#deadlines.set(connection, by),
      identified: (connection) => this.#strangers.delete(connection),
      gone: (connection) => this.#forget(connection),
      problem: (error) => problemOf(error, this.#logger),
    };
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#strangers.delete(connection);
    this.#realtime.departed(connection);
    this.#wheel.delete(connection);
    this.#deadlines.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }
}

function mayPublish(who: Principal | undefined): boolean {
  return who?.kind === 'key' || (who?.kind === 'subscriber' && who.publish.length > 0);
}

/** One function for all: a closure would keep the request for as long as its connection lives. */
function cutOff(this: Duplex): void {
  this.destroy();
}

function makeServer({ maxFragments, compression }: GatewayWebSocketConfig, maxPayload: number): WebSocketServer {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload,
    maxFragments,
    maxBufferedChunks: MAX_CHUNKS,
    perMessageDeflate: compression && COMPRESSION,
    handleProtocols: (offered) => offered.has(WEB_SOCKET_PROTOCOL) && WEB_SOCKET_PROTOCOL,
  });
  server.on('wsClientError', (error, socket) =>
    refuseUpgrade(socket, new DomainError('request.invalid', error.message), SPOKEN),
  );
  return server;
}
