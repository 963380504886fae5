import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Access, Limits, Principal, Seat, Subscriber } from '#clarion/access';
import type { Publisher } from '#clarion/notifications';
import {
  CLOSE_REASONS,
  commandSchemas,
  DomainError,
  ERRORS,
  openingSchema,
  pingSchema,
  parseCommand,
  parseWanted,
  toInputErrors,
  type ClientCommand,
  type MessageId,
  type Problem,
  type Wanted,
} from '#clarion/protocol';
import {
  byeOf,
  isDismissal,
  type CloseReason,
  type Peer,
  type Realtime,
  type Session,
  type Visitor,
} from '#clarion/realtime';
import type { z } from 'zod';
import { DeflatingWriter, PlainWriter, single, type FrameWriter } from './frame-writer.js';
import { Inbox, PUBLISH } from './inbox.js';
import { readMessage, type Request } from './message.js';
import { PublishLane } from './publish-lane.js';
import type { WebSocketCodec } from './websocket-codec.js';
import { WebSocketLink } from './websocket-link.js';

/** After a goodbye so long is waited for the client's. Milliseconds. */
const CLOSE_TIMEOUT_MS = 5_000;

/** What all connections share, and whom they tell. */
export interface ConnectionHost {
  readonly realtime: Realtime;
  readonly access: Access;
  readonly limits: Limits;
  readonly publisher: Publisher;
  readonly codec: WebSocketCodec;
  /** How long an unknown client may take to send its token. Milliseconds. */
  readonly authTimeoutMs: number;
  /** Has {@link Connection.overdue} called at that time, milliseconds since 1970, instead of an earlier set one; undefined: not at all. */
  expects(connection: Connection, by: number | undefined): void;
  /** It has said who it is. */
  identified(connection: Connection): void;
  gone(connection: Connection): void;
  /** A failure as the client is told of it; the log has it under the same id. */
  problem(error: unknown): Problem;
}

/** Where a client is, and its place among the connections. */
export interface Origin {
  readonly address: string | undefined;
  readonly seat: Seat;
}

/** A `stranger` has not said who it is, a `known` one not what it reads. */
type Phase =
  | { readonly name: 'stranger' }
  | { readonly name: 'known'; readonly who: Subscriber }
  | { readonly name: 'reading'; readonly session: Session };

/**
 * One accepted WebSocket. Its requests are carried out one after the other, in the order in which they came, and the next one only when
 * the answers have room: a client that asks and does not read costs bounded memory. A publish makes place for the next request as soon
 * as it has its own in the log; when too many are under way the connection is not read from.
 */
export class Connection implements Visitor {
  readonly #socket: WebSocket;
  readonly #stream: Socket;
  readonly #origin: Origin;
  readonly #host: ConnectionHost;
  readonly #writer: FrameWriter;
  /** Undefined until the client says something: most only listen. */
  #inbox: Inbox | undefined;
  #phase: Phase = { name: 'stranger' };
  #lane: PublishLane | undefined;
  #busy = false;
  /** Why the connection ends when what it has published is answered. */
  #leaving: CloseReason | undefined;
  #drains = 0;
  /** The signs of life when the last ping was sent; undefined: no answer is due. */
  #pingedAt: number | undefined;

  /**
   * @param stream what `socket` writes on.
   */
  constructor(socket: WebSocket, stream: Socket, origin: Origin, host: ConnectionHost) {
    this.#socket = socket;
    this.#stream = stream;
    this.#origin = origin;
    this.#host = host;
    this.#writer =
      socket.extensions === ''
        ? new PlainWriter(socket, stream)
        : new DeflatingWriter(socket, stream, () => this.#goOn());
    stream.on('drain', () => this.#drained());
    socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    socket.on('ping', () => this.#throttle());
    // Whatever is not WebSocket: `ws` has said the close code, and what matters here is that the connection ends.
    socket.on('error', () => this.#expectEnd());
    socket.on('close', () => this.#ended());
  }

  /** Waits for the client to say who it is. */
  awaitToken(): void {
    this.#host.expects(this, Date.now() + this.#host.authTimeoutMs);
  }

  /** Begins to read what was asked for in the request; what has become impossible meanwhile closes. */
  open(who: Principal, wanted: Wanted): void {
    try {
      this.#read(who, wanted, undefined);
    } catch (error) {
      this.#refuse(null, error);
    }
  }

  get transport(): string {
    return this.#host.codec.name;
  }

  /** Undefined for a stranger. */
  get who(): Principal | undefined {
    if (this.#phase.name === 'stranger') return undefined;
    return this.#phase.name === 'known' ? this.#phase.who : this.#phase.session.who;
  }

  peer(): Peer {
    const { bytesRead, bytesWritten } = this.#stream;
    return { address: this.#origin.address, bytesSent: bytesWritten, bytesReceived: bytesRead };
  }

  /** Says `bye` and closes, unless that was done; as soon as what was published is answered, and nothing else is begun. */
  close(reason: CloseReason): void {
    if (!this.#isOpen) return;
    if (this.#lane?.isEmpty === false) return this.#leaveLater(reason);
    if (this.#writer.isFull && isDismissal(reason)) return this.terminate();
    this.#say(this.#host.codec.control({ name: 'bye', data: byeOf(reason) }));
    this.#sayGoodbye(CLOSE_REASONS[reason.name].closeCode, reason.name);
  }

  /** What was expected has not come: the token, its renewal before it expired, or the client's goodbye. */
  overdue(): void {
    if (!this.#isOpen || this.#leaving !== undefined) this.terminate();
    else if (this.#phase.name === 'stranger') this.#refuse(null, new DomainError('request.timeout', 'no auth came'));
    else this.close({ name: 'token.expired' });
  }

  /**
   * To be called twice per heartbeat: pings, and the next time ends whoever gave no sign of life since. So a peer that is gone is
   * noticed within one heartbeat and a half. Bytes that it takes are a sign too: its pong may come after all that it has yet to read.
   */
  beat(): void {
    const before = this.#pingedAt;
    if (before === undefined) {
      this.#pingedAt = this.#signsOfLife;
      this.#socket.ping();
    } else {
      this.#pingedAt = undefined;
      // What came while this process was busy with others is read first; whoever is not read from can give no sign.
      setImmediate(() => this.#signsOfLife === before && this.#lane?.isFull !== true && this.terminate());
    }
  }

  /** Cuts the connection, and begins nothing else. */
  terminate(): void {
    this.#inbox?.clear();
    this.#socket.terminate();
  }

  #leaveLater(reason: CloseReason): void {
    if (this.#leaving !== undefined) return;
    this.#leaving = reason;
    this.#inbox?.clear();
    this.#expectEnd();
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  get #signsOfLife(): number {
    return this.#stream.bytesRead + this.#drains;
  }

  #take(data: RawData, isBinary: boolean): void {
    if (!this.#isOpen || this.#leaving !== undefined) return;
    this.#throttle();
    if (isBinary || !Buffer.isBuffer(data))
      return this.#refuse(null, new DomainError('media_type.unsupported', 'text frames alone'));
    const message = readMessage(data);
    if ('error' in message) return this.#reject(message.id, message.error);
    if (!(this.#inbox ??= new Inbox()).add(message))
      return this.#reject(message.id, new DomainError('rate.limited', 'too many requests at once'));
    this.#work();
    this.#throttle();
  }

  /** Hears no more of a client that does not take what it is answered, or has published more than can be begun. */
  #throttle(): void {
    if (this.#writer.isFull || this.#holdsPublishes) this.#socket.pause();
  }

  get #holdsPublishes(): boolean {
    return this.#inbox?.holdsPublishes === true;
  }

  #drained(): void {
    this.#drains++;
    if (!this.#writer.isFull) this.#goOn();
  }

  #goOn(): void {
    if (this.#phase.name === 'reading') this.#phase.session.writable();
    this.#work();
  }

  #work(): void {
    while (this.#mayBegin(this.#inbox?.first)) this.#begin(this.#inbox?.take());
    if (this.#socket.isPaused && !this.#writer.isFull && !this.#holdsPublishes) this.#socket.resume();
  }

  #mayBegin(request: Request | undefined): boolean {
    if (request === undefined || this.#busy || (this.#isOpen && this.#writer.isFull)) return false;
    return request.op !== PUBLISH || this.#lane?.isFull !== true;
  }

  #begin(request: Request | undefined): void {
    if (request === undefined) return;
    const who = request.op === PUBLISH ? this.who : undefined;
    if (who !== undefined) return (this.#lane ??= this.#makeLane()).publish(who, request);
    this.#busy = true;
    void this.#answer(request).finally(() => {
      this.#busy = false;
      this.#work();
    });
  }

  #makeLane(): PublishLane {
    return new PublishLane({
      publisher: this.#host.publisher,
      codec: this.#host.codec,
      problem: (error) => this.#host.problem(error),
      say: (replies) => this.#writer.write(replies),
      room: () => this.#afterReplies(),
    });
  }

  #afterReplies(): void {
    if (this.#leaving === undefined) this.#work();
    else this.close(this.#leaving);
  }

  async #answer(request: Request): Promise<void> {
    try {
      if (this.who !== undefined) this.#host.limits.takeCommand(this.who, this.#origin.address);
      if (this.#phase.name === 'stranger') await this.#identify(request);
      else if (this.#phase.name === 'known') await this.#start(request, this.#phase.who);
      else await this.#carryOut(request, this.#phase.session);
    } catch (error) {
      this.#reject(request.id, error);
    }
  }

  /** @throws {DomainError} as `Access.verifyToken`; `credentials.missing` for everything but `auth`; `rate.limited`. */
  async #identify({ id, op, body }: Request): Promise<void> {
    if (op !== 'auth') throw new DomainError('credentials.missing', 'the first message is auth');
    const { access, limits } = this.#host;
    const { token } = parseBody(commandSchemas.auth, body);
    const who = await limits.login(this.#origin.address, access.verifyToken(token));
    access.assertGood(who);
    // Of who has gone meanwhile what it sent after this is carried out all the same; it needs no seat.
    if (this.#isOpen) this.#origin.seat.take(who);
    this.#phase = { name: 'known', who };
    if (!this.#isOpen) return;
    this.#host.identified(this);
    this.#host.expects(this, who.expiresAt);
    this.#reply(id, { expiresAt: new Date(who.expiresAt).toISOString() });
  }

  /** Until there is a session: its beginning, or a newer token. */
  async #start(request: Request, who: Subscriber): Promise<void> {
    const { id, op, body } = request;
    if (op === 'auth') return this.#identify(request);
    if (op === 'ping') return this.#pong(id, body);
    if (op !== 'subscribe') {
      parseCommand(op, body);
      throw new DomainError('request.invalid', 'subscribe first');
    }
    const { topics, since, priority, device } = parseBody(openingSchema, body);
    this.#read(who, parseWanted(topics, since, priority, device), id);
  }

  async #carryOut({ id, op, body }: Request, session: Session): Promise<void> {
    if (op === 'ping') return this.#pong(id, body);
    const command: ClientCommand = parseCommand(op, body);
    this.#reply(id, await session.handle(command));
  }

  #pong(id: MessageId, body: unknown): void {
    parseBody(pingSchema, body);
    this.#reply(id);
  }

  /** @throws {DomainError} as `Realtime.open`. */
  #read(who: Principal, wanted: Wanted, answerTo: MessageId | undefined): void {
    // Of a request that came before its client went: nobody would end the session.
    if (!this.#isOpen) return;
    const { realtime, codec } = this.#host;
    const link = new WebSocketLink(codec, this.#writer, this, answerTo);
    this.#phase = { name: 'reading', session: realtime.open(link, who, wanted) };
    realtime.departed(this);
    this.#host.identified(this);
    // From now on the session watches the token; a goodbye is waited for even so.
    if (this.#isOpen) this.#host.expects(this, undefined);
  }

  #reply(id: MessageId, data?: unknown): void {
    this.#say(this.#host.codec.reply(id, data));
  }

  /** Whoever is known may do better; whoever is not has had its try. */
  #reject(id: MessageId | null, error: unknown): void {
    if (this.#phase.name === 'stranger') this.#refuse(id, error);
    else this.#say(this.#host.codec.refusal(id, this.#host.problem(error)));
  }

  #refuse(id: MessageId | null, error: unknown): void {
    const problem = this.#host.problem(error);
    this.#say(this.#host.codec.refusal(id, problem));
    this.#sayGoodbye(ERRORS[problem.code].closeCode, problem.code);
  }

  #say(frame: Buffer): void {
    this.#writer.write(single(frame));
  }

  #sayGoodbye(code: number, reason: string): void {
    this.#inbox?.clear();
    this.#socket.close(code, reason);
    this.#work();
    this.#expectEnd();
  }

  #expectEnd(): void {
    this.#host.expects(this, Date.now() + CLOSE_TIMEOUT_MS);
  }

  #ended(): void {
    if (this.#phase.name === 'reading') this.#phase.session.ended();
    this.#host.gone(this);
    // What came before the client went.
    this.#work();
  }
}

function parseBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new DomainError('body.invalid', undefined, toInputErrors(parsed.error));
  return parsed.data;
}
