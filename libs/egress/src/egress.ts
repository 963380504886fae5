import { Agent as PlainAgent, type OutgoingHttpHeaders, type RequestOptions } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { Deadline } from './deadline.js';
import { exchange } from './exchange.js';
import { HostList } from './host-list.js';
import type { EgressOutcome } from './outcome.js';
import { isLoopbackAddress, isPublicAddress } from './public-address.js';
import { checkedLookup, resolveByDns, type Resolve } from './resolve.js';
import { isLoopbackHost, judge, type Judgement, type Target, type TargetRules } from './target.js';

export interface EgressOptions {
  /** Hosts that may be asked: see {@link HostList}. */
  readonly hosts: readonly string[];
  /** For all of one request, from the lookup to the last byte that is read. Milliseconds. */
  readonly timeoutMs: number;
  /** Of an answer's body; what comes after it is not read. Absent: 4 KiB. */
  readonly maxBodyBytes?: number;
  /** Connections to one host at one time; further requests wait for one. Absent: 64. */
  readonly maxSocketsPerHost?: number;
  /** Whether hosts of this machine may be asked, on any port and without TLS: for tests alone. */
  readonly loopback?: boolean;
  /** Certificates in PEM that are believed in place of the system's. */
  readonly ca?: string;
  /** Absent: by the system's name servers. */
  readonly resolve?: Resolve;
  /** Absent: {@link isPublicAddress}. Whoever gives another one takes the guard away. */
  readonly mayConnectTo?: (address: string) => boolean;
}

export interface EgressRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
}

const MAX_BODY_BYTES = 4_096;
const MAX_HEADER_BYTES = 16_384;
const MAX_SOCKETS_PER_HOST = 64;
const MAX_SOCKETS = 1_024;
/** Below the time after which push services and most proxies close what is idle. Milliseconds. */
const IDLE_MS = 20_000;

/**
 * The one door for requests to addresses that others chose. Only https, only to hosts on the list, and only to addresses of the public
 * internet: what was looked up and checked is what is connected to, and the peer is checked once more. No redirect is followed, no proxy of the
 * environment is asked, nothing is read or waited for without bound. Nothing that the other side does is an exception; and neither outcomes nor
 * errors name an endpoint.
 */
export class Egress {
  readonly #options: EgressOptions;
  readonly #rules: TargetRules;
  readonly #secure: SecureAgent;
  readonly #plain: PlainAgent;

  /** @throws {RangeError} when one of the hosts is no pattern. */
  constructor(options: EgressOptions) {
    this.#options = options;
    const { loopback = false, mayConnectTo = isPublicAddress } = options;
    const mayConnect = (host: string, address: string): boolean =>
      mayConnectTo(address) || (loopback && isLoopbackHost(host) && isLoopbackAddress(address));
    this.#rules = { hosts: new HostList(options.hosts), mayConnect, loopback };
    const resolve = options.resolve ?? resolveByDns;
    const lookup = checkedLookup(
      (host) => (loopback && host === 'localhost' ? Promise.resolve(['127.0.0.1', '::1']) : resolve(host)),
      mayConnect,
    );
    const sockets = {
      lookup,
      keepAlive: true,
      maxSockets: options.maxSocketsPerHost ?? MAX_SOCKETS_PER_HOST,
      maxTotalSockets: MAX_SOCKETS,
      maxFreeSockets: 8,
      timeout: IDLE_MS,
    };
    this.#plain = new PlainAgent(sockets);
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    this.#secure = new SecureAgent({ ...sockets, rejectUnauthorized: true, ...(options.ca && { ca: options.ca }) });
  }

  /** Whether, and where, an address would be asked, before its host is looked up. */
  judge(address: string): Judgement {
    return judge(address, this.#rules);
  }

  /** Asks once, and once more when an idle connection was just being closed. Never rejects. */
  async request(request: EgressRequest): Promise<EgressOutcome> {
    const judged = this.judge(request.url);
    if (!judged.ok) return { outcome: 'forbidden', reason: judged.reason };
    const deadline = new Deadline(this.#options.timeoutMs, request.signal);
    try {
      for (let attempt = 0; ; attempt++) {
        if (deadline.signal.aborted) return { outcome: 'failed', reason: deadline.reason };
        const { stale, ...outcome } = await this.#exchange(judged.target, request, deadline);
        if (stale !== true || attempt > 0) return outcome;
      }
    } finally {
      deadline.clear();
    }
  }

  /** Ends all connections, also those in use. */
  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #exchange(target: Target, { method, headers, body }: EgressRequest, deadline: Deadline) {
    const { secure, host, port, path } = target;
    const request: RequestOptions = {
      agent: secure ? this.#secure : this.#plain,
      host,
      port,
      path,
      method,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
      headers: {
        'user-agent': 'Clarion',
        ...headers,
        ...(body !== undefined && { 'content-length': body.length }),
      },
    };
    return exchange(
      {
        secure,
        request,
        body,
        maxBodyBytes: this.#options.maxBodyBytes ?? MAX_BODY_BYTES,
        mayConnect: (address) => this.#rules.mayConnect(host, address),
      },
      deadline,
    );
  }
}
