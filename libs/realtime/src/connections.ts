import { randomBytes } from 'node:crypto';
import { covers, DomainError, type Selector } from '#clarion/protocol';
import type { CloseReason, Visitor } from './gateway.js';
import {
  viewOf,
  type ConnectionKind,
  type ConnectionView,
  type OpenConnection,
  type Reading,
} from './open-connection.js';
import { deviceOf, tellDevices, type Device, type ToldDevice } from './presence/device.js';
import { walk } from './walk.js';

export interface ConnectionsRequest {
  /** Only those of this person. */
  readonly user?: string | undefined;
  /** Only those that read it, by its name or by a wildcard. */
  readonly topic?: Selector | undefined;
  readonly transport?: string | undefined;
  readonly limit: number;
  /** The `nextPage` of an earlier answer. */
  readonly page?: string | undefined;
}

export interface ConnectionsPage {
  readonly connections: readonly ConnectionView[];
  /** Absent: there are no more. */
  readonly nextPage?: string;
}

type Place = Pick<OpenConnection, 'kind' | 'number'>;

const ID_PATTERN = /^(?<node>[0-9a-f]{8})-(?<kind>[psv])(?<number>\d{1,15})$/;

/** Everybody who is connected to this node. Looking through them is cut into turns, and costs about 0.1 µs for each. */
export class Connections {
  /** Part of all ids: one that an operator kept from before a restart is nobody's now. */
  readonly #node = randomBytes(4).toString('hex');
  readonly #sessions: Iterable<OpenConnection>;
  readonly #onError: (error: unknown) => void;
  readonly #polls = new Set<OpenConnection>();
  readonly #visitors = new Map<Visitor, OpenConnection>();
  #lastNumber = 0;

  /**
   * @param sessions those that are open, in the order in which they came.
   * @param onError told when one could not be closed; the others are.
   */
  constructor(sessions: Iterable<OpenConnection>, onError: (error: unknown) => void) {
    this.#sessions = sessions;
    this.#onError = onError;
  }

  /** For the next that comes. */
  nextNumber(): number {
    return ++this.#lastNumber;
  }

  addPoll(poll: OpenConnection): void {
    this.#polls.add(poll);
  }

  deletePoll(poll: OpenConnection): void {
    this.#polls.delete(poll);
  }

  addVisitor(visitor: Visitor): void {
    this.#visitors.set(visitor, new VisitorConnection(this.nextNumber(), visitor));
  }

  /** Idempotent. */
  deleteVisitor(visitor: Visitor): void {
    this.#visitors.delete(visitor);
  }

  /**
   * Those that are asked for, always in the same order: who stays is neither left out nor listed twice, whoever comes or goes between two pages.
   * @throws {DomainError} `query.invalid` for a page token that is not of this process.
   */
  async page(request: ConnectionsRequest): Promise<ConnectionsPage> {
    const after = request.page === undefined ? undefined : this.#pageAfter(request.page);
    const found: ConnectionView[] = [];
    await walk(this.#all(), (connection) => {
      if (isAfter(connection, after) && fits(connection, request))
        found.push(viewOf(connection, this.#idOf(connection)));
      return found.length > request.limit;
    });
    const connections = found.slice(0, request.limit);
    const last = connections.at(-1);
    return { connections, ...(found.length > request.limit && last !== undefined && { nextPage: last.id }) };
  }

  /** Undefined: there is no such connection (any more). */
  async find(id: string): Promise<OpenConnection | undefined> {
    const place = this.#placeOf(id);
    let found: OpenConnection | undefined;
    await walk(place === undefined ? [] : this.#all(), (connection) => {
      if (connection.number === place?.number && connection.kind === place.kind) found = connection;
      return found !== undefined;
    });
    return found;
  }

  /**
   * Closes all of whom that is true. Whoever comes meanwhile is looked at, too.
   * @param reason made for each.
   * @returns how many.
   */
  async close(concerned: (connection: OpenConnection) => boolean, reason: () => CloseReason): Promise<number> {
    return this.count((connection) => concerned(connection) && this.#close(connection, reason()));
  }

  /** Of how many that is true. */
  async count(isCounted: (connection: OpenConnection) => boolean): Promise<number> {
    let count = 0;
    await walk(this.#all(), (connection) => {
      if (isCounted(connection)) count++;
      return false;
    });
    return count;
  }

  /** By what this person is connected: sessions, and polls that wait. */
  async devicesOf(user: string): Promise<ToldDevice[]> {
    const devices: Device[] = [];
    await this.count((connection) => {
      const isTheirs = connection.kind !== 'v' && isOf(connection, user);
      if (isTheirs) devices.push(deviceOf(connection));
      return isTheirs;
    });
    return tellDevices(devices);
  }

  #close(connection: OpenConnection, reason: CloseReason): boolean {
    try {
      connection.close(reason);
    } catch (error) {
      this.#onError(error);
    }
    return true;
  }

  /** In the order of their places. */
  #all(): Iterable<OpenConnection> {
    return inTurn(this.#polls, this.#sessions, this.#visitors.values());
  }

  #idOf({ kind, number }: Place): string {
    return `${this.#node}-${kind}${number}`;
  }

  #placeOf(id: string): Place | undefined {
    const { node, kind, number } = ID_PATTERN.exec(id)?.groups ?? {};
    return node === this.#node && isKind(kind) ? { kind, number: Number(number) } : undefined;
  }

  #pageAfter(page: string): Place {
    const place = this.#placeOf(page);
    if (place === undefined)
      throw new DomainError('query.invalid', undefined, [
        { pointer: '/page', detail: 'not a page token of this node' },
      ]);
    return place;
  }
}

/** A visitor, who reads nothing yet. */
class VisitorConnection implements OpenConnection {
  readonly kind = 'v';
  readonly openedAt = Date.now();
  readonly reading: Reading = { topics: [], lag: 0, pendingBytes: 0 };
  readonly number: number;
  readonly #visitor: Visitor;

  constructor(number: number, visitor: Visitor) {
    this.number = number;
    this.#visitor = visitor;
  }

  get transport(): string {
    return this.#visitor.transport;
  }

  get who(): Visitor['who'] {
    return this.#visitor.who;
  }

  peer(): ReturnType<Visitor['peer']> {
    return this.#visitor.peer();
  }

  close(reason: CloseReason): void {
    this.#visitor.close(reason);
  }
}

function* inTurn<T>(...all: readonly Iterable<T>[]): Iterable<T> {
  for (const members of all) yield* members;
}

function isKind(kind: string | undefined): kind is ConnectionKind {
  return kind === 'p' || kind === 's' || kind === 'v';
}

function isAfter({ kind, number }: Place, after: Place | undefined): boolean {
  if (after === undefined) return true;
  return kind === after.kind ? number > after.number : kind > after.kind;
}

function isOf({ who }: OpenConnection, user: string): boolean {
  return who?.kind === 'subscriber' && who.sub === user;
}

function fits(connection: OpenConnection, { user, topic, transport }: ConnectionsRequest): boolean {
  if (transport !== undefined && transport !== connection.transport) return false;
  if (user !== undefined && !isOf(connection, user)) return false;
  return topic === undefined || connection.reading.topics.some((own) => covers(own, topic));
}
