import type { IncomingMessage } from 'node:http';
import { DomainError } from '#clarion/protocol';
import { APPLICATION, principalId, type Principal } from '../principal.js';
import { addressKey } from './address-key.js';
import { clientAddressBy, type ClientAddress } from './client-address.js';
import type { LimitsConfig } from './limits.config.js';
import type { Rate } from './rate.js';
import { Seat } from './seat.js';
import { Tallies } from './tallies.js';
import { TokenBuckets, type Clock } from './token-buckets.js';

/** Keys of which a limit remembers how much they took; further ones push out those longest quiet. About 10 MB for each limit. */
const MAX_KEYS = 65_536;
/** After which a place may be free again: nobody knows when a connection ends. */
const CONNECTION_RETRY_MS = 5_000;

/** How much each key may take of one thing, and by what name it is told. */
interface Limit {
  readonly name: string;
  readonly buckets: TokenBuckets;
}

/**
 * How much anybody may take, on whatever transport: connections, handshakes, failed logins, publishes, commands. Knows no transport: each asks
 * here, and says the refusal in its own words. What is not limited costs nothing.
 */
export class Limits {
  readonly #config: LimitsConfig;
  readonly #addressOf: ClientAddress;
  readonly #handshakes: Limit | undefined;
  readonly #failedLogins: Limit | undefined;
  readonly #keyPublishes: Limit | undefined;
  readonly #userPublishes: Limit | undefined;
  readonly #keyCommands: Limit | undefined;
  readonly #userCommands: Limit | undefined;
  readonly #perAddress = new Tallies();
  readonly #perUser = new Tallies();
  readonly #giver = {
    seatUser: (who: Principal) => this.#seatUser(who),
    unseat: (address: string | undefined, user: string | undefined) => this.#unseat(address, user),
  };
  #connections = 0;
  #refused = 0;

  /** @param now for tests. */
  constructor(config: LimitsConfig, now: Clock = () => performance.now()) {
    const limit = (name: string, rate: Rate): Limit | undefined =>
      rate.quota === 0 ? undefined : { name, buckets: new TokenBuckets(rate, MAX_KEYS, now) };
    this.#config = config;
    this.#addressOf = clientAddressBy(config.trustProxy);
    this.#handshakes = limit('handshakes', config.handshakes);
    this.#failedLogins = limit('failed-logins', config.failedLogins);
    this.#keyPublishes = limit('key-publishes', config.keyPublishes);
    this.#userPublishes = limit('user-publishes', config.userPublishes);
    this.#keyCommands = limit('key-commands', config.keyCommands);
    this.#userCommands = limit('user-commands', config.userCommands);
  }

  /** Connections that are counted now. */
  get connections(): number {
    return this.#connections;
  }

  /** How often somebody was refused since the start, whatever the limit. */
  get refused(): number {
    return this.#refused;
  }

  /** The address of a request's client, `CLARION_TRUST_PROXY` respected; of a request that Fastify has, ask its `raw`. */
  clientAddress(request: IncomingMessage): string | undefined {
    return this.#addressOf(request);
  }

  /**
   * A connection begins of whom only the address is known. Whoever calls this sees to it that the seat is left.
   * @throws {DomainError} `overloaded` when there are as many as may be at all; `rate.limited` when the address has as many as it may.
   */
  enter(address: string | undefined): Seat {
    this.assertRoom(address);
    const isCounted = this.#config.maxConnectionsPerAddress > 0 && address !== undefined;
    const key = isCounted ? addressKey(address) : undefined;
    if (key !== undefined) this.#perAddress.add(key);
    this.#connections++;
    return new Seat(this.#giver, key);
  }

  /** Whether {@link enter} would let in: the same errors. */
  assertRoom(address: string | undefined): void {
    const { maxConnections, maxConnectionsPerAddress } = this.#config;
    if (maxConnections > 0 && this.#connections >= maxConnections)
      throw this.#full('overloaded', 'connections', maxConnections);
    if (maxConnectionsPerAddress === 0 || address === undefined) return;
    if (this.#perAddress.of(addressKey(address)) >= maxConnectionsPerAddress)
      throw this.#full('rate.limited', 'address-connections', maxConnectionsPerAddress);
  }

  /** {@link enter} of somebody who is known already. */
  enterConnection(who: Principal, address: string | undefined): Seat {
    const seat = this.enter(address);
    try {
      seat.take(who);
    } catch (error) {
      seat.leave();
      throw error;
    }
    return seat;
  }

  /** A new stream, upgrade or handshake. @throws {DomainError} `rate.limited`. */
  takeHandshake(address: string | undefined): void {
    if (address !== undefined) this.#take(this.#handshakes, () => addressKey(address));
  }

  /**
   * What to say of credentials that were refused with `error`: the error itself, or `rate.limited` if this address brings too many that
   * are not valid. Those that are never come here, so that nobody is shut out by others of the same address.
   */
  failedLogin(address: string | undefined, error: unknown): unknown {
    if (address === undefined || !(error instanceof DomainError) || !isFailedLogin(error)) return error;
    const waitMs = this.#failedLogins?.buckets.take(addressKey(address)) ?? 0;
    return waitMs === 0 ? error : this.#over(this.#failedLogins!, waitMs);
  }

  /** What `attempt` resolves with; what it is refused with goes through {@link failedLogin}. */
  async login<T>(address: string | undefined, attempt: Promise<T>): Promise<T> {
    try {
      return await attempt;
    } catch (error) {
      throw this.failedLogin(address, error);
    }
  }

  /** One notification more of this publisher. @throws {DomainError} `rate.limited`. */
  takePublish(who: Principal): void {
    if (who.kind === 'key') {
      if (who !== APPLICATION) this.#take(this.#keyPublishes, () => who.id);
    } else if (who.kind === 'subscriber') this.#take(this.#userPublishes, () => who.sub);
  }

  /**
   * One command more.
   * @param address by which those are counted who did not say who they are.
   * @throws {DomainError} `rate.limited`.
   */
  takeCommand(who: Principal, address: string | undefined): void {
    if (who.kind === 'key') this.#take(this.#keyCommands, () => who.id);
    else if (who.kind === 'subscriber') this.#take(this.#userCommands, () => principalId(who));
    else if (address !== undefined) this.#take(this.#userCommands, () => addressKey(address));
  }

  #take(limit: Limit | undefined, key: () => string): void {
    if (limit === undefined) return;
    const waitMs = limit.buckets.take(key());
    if (waitMs > 0) throw this.#over(limit, waitMs);
  }

  #over({ name, buckets: { rate } }: Limit, retryAfterMs: number): DomainError {
    this.#refused++;
    const { quota, windowS } = rate;
    const detail = `${name}: ${quota} in ${windowS} s`;
    return new DomainError('rate.limited', detail, undefined, { retryAfterMs, limit: { name, quota, windowS } });
  }

  #full(code: 'rate.limited' | 'overloaded', name: string, quota: number): DomainError {
    this.#refused++;
    // How many there may be in all is nobody's business.
    if (code === 'overloaded')
      return new DomainError(code, undefined, undefined, { retryAfterMs: CONNECTION_RETRY_MS });
    const limit = { name, quota, windowS: 0 };
    return new DomainError(code, `${name}: ${quota}`, undefined, { retryAfterMs: CONNECTION_RETRY_MS, limit });
  }

  /** Services may have as many as they need, and those without credentials have no name to be counted by. */
  #seatUser(who: Principal): string | undefined {
    const { maxConnectionsPerUser } = this.#config;
    if (maxConnectionsPerUser === 0 || who.kind !== 'subscriber') return undefined;
    const user = who.sub;
    if (this.#perUser.of(user) >= maxConnectionsPerUser)
      throw this.#full('rate.limited', 'user-connections', maxConnectionsPerUser);
    this.#perUser.add(user);
    return user;
  }

  #unseat(address: string | undefined, user: string | undefined): void {
    this.#connections--;
    if (address !== undefined) this.#perAddress.remove(address);
    if (user !== undefined) this.#perUser.remove(user);
  }
}

/** A well-signed token that has expired was once good: its client comes back with another. */
function isFailedLogin({ code }: DomainError): boolean {
  return code === 'token.invalid' || code === 'key.invalid';
}
