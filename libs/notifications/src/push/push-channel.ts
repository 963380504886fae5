import type { PushSubscription } from '#clarion/protocol';
import type { StoredDevice } from './push-store.js';

/** The token by which whoever reaches devices provides a {@link PushChannel}; without one nothing is pushed. */
export const PUSH_CHANNEL = Symbol('PushChannel');

/** Reaches devices of people who are not connected. It holds no connection, keeps nothing, and decides nothing about whom. */
export interface PushChannel {
  /** For `applicationServerKey`. */
  readonly publicKey: string;
  /** Passes for an endpoint that it would talk to. @throws {DomainError} `endpoint.forbidden`. */
  assertAcceptable(subscription: PushSubscription): void;
  /** The host of an endpoint, with its port when that is not the scheme's: what is counted together. */
  hostOf(endpoint: string): string;
  /**
   * Tries once, in bounded time, and never throws for anything that the other side does.
   * @param signal ends it: then `later`, with the reason `aborted`.
   */
  deliver(device: StoredDevice, message: PushMessage, signal: AbortSignal): Promise<PushOutcome>;
}

/** How much it may cost the device to be woken (RFC 8030 §5.3). */
export type Urgency = 'very-low' | 'low' | 'normal' | 'high';

interface Addressed {
  /** Seconds that the push service may keep it for a device that is away; 0: now or never. */
  readonly ttlS: number;
  readonly urgency: Urgency;
  /** How much of the inbox is unread, for the badge; undefined: unknown. */
  readonly unread: number | undefined;
}

/** What the device is to do. */
export type PushMessage =
  | (Addressed & {
      readonly kind: 'show';
      readonly id: string;
      readonly collapseKey: string | undefined;
      readonly topic: string;
      readonly ticket: string;
      /** What is shown; also what has none says something by its body. */
      readonly title: string | undefined;
      readonly body: string | undefined;
      readonly url: string | undefined;
      readonly icon: string | undefined;
      readonly data: unknown;
      readonly category: string | undefined;
      readonly actions: readonly PushAction[];
      /** Milliseconds since 1970. */
      readonly publishedAt: number;
      /** 0 at first; each further time it was too large at least half of what could be left out is. */
      readonly shortened: number;
    })
  | (Addressed & {
      readonly kind: 'close';
      readonly closed: readonly { readonly id: string; readonly collapseKey?: string }[];
    });

export interface PushAction {
  readonly id: string;
  readonly title: string;
  readonly url?: string;
}

/** What came of one attempt. Reasons are short, stable words for health, metrics and logs: never a payload, never an endpoint. */
export type PushOutcome =
  | { readonly outcome: 'delivered' }
  /** The subscription is no more (404, 410). */
  | { readonly outcome: 'gone' }
  /** Shorter, it may be taken (413). */
  | { readonly outcome: 'too_large' }
  /** Worth another attempt: no connection, no answer, 429, 5xx. */
  | { readonly outcome: 'later'; readonly reason: string; readonly retryAfterMs?: number }
  /** Never worth another: a redirect, an address that may not be talked to, 400, 401, 403 … */
  | { readonly outcome: 'refused'; readonly reason: string };
