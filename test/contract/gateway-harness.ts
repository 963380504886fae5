import type { CommandName } from '#clarion/protocol';
import type { GatewayChoice } from 'clarion';

/**
 * What a gateway brings so that the suite can examine it: `libs/<gateway>/test/gateway.harness.ts` (or `examples/<name>/test/…`) exports one per
 * transport, as the array `harnesses`. Bad networks, application and publishers are the suite's; the harness brings the gateway and a
 * real client of it.
 */
export interface GatewayHarness {
  /** `Socket.IO over polling` */
  readonly name: string;
  /** What this transport cannot do by its nature, and why: the checks that need it are skipped aloud. */
  readonly cannot: Readonly<Partial<Record<Capability, string>>>;
  /** The gateway, as an application takes it. */
  gateway(settings: GatewaySettings): GatewayChoice;
  /** Has a client connect, once, or for good with `comesBack`. */
  connect(options: ConnectOptions, ear: Ear): GatewayClient;
}

/**
 * `connection`: the server keeps one, on which it says `ready` and `bye`, proves to be alive, and delivers what is ephemeral.
 * `wire`: it is one network connection until the end. `commands`: clients speak on it. `publish`: they may publish on it, too. `return`: the stock client comes back by itself, with the last cursor that it saw.
 */
export type Capability = 'connection' | 'wire' | 'commands' | 'publish' | 'return';

export interface GatewaySettings {
  /** How often an idle connection is kept alive, milliseconds. */
  readonly heartbeatMs: number;
}

/** What is absent is not said to the server. */
export interface ConnectOptions {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly token?: string;
  readonly topics?: readonly string[];
  readonly since?: string;
  /** The Origin that a browser would send. */
  readonly origin?: string;
  /** The client's own reconnection is on, with delays below 200 ms. */
  readonly comesBack: boolean;
}

/** What the suite is told of a client, in the order in which it happens. */
export interface Ear {
  /** An event of `EVENTS`, parsed from JSON. `place`: the cursor where the transport itself carries it beside the data. */
  hear(name: string, data: unknown, place?: string): void;
  /** The server will not have this client; it does not come back. */
  refused(refusal: Refusal): void;
  /** The connection is over, and the client did not end it. */
  ended(): void;
}

/** As much as the transport tells. */
export interface Refusal {
  readonly status?: number;
  /** Of the error catalogue. */
  readonly code?: string;
  readonly detail?: string;
}

/** What a client may ask. */
export type Asked = CommandName | 'publish' | 'unheard-of';

export interface GatewayClient {
  /** Sends a command and resolves with the server's reply. Only with `commands`; of `publish`, with that. */
  send?(command: Asked, body: unknown): Promise<Reply>;
  close(): void;
}

export type Reply = { readonly ok: true; readonly data: unknown } | { readonly ok: false; readonly code: string };
