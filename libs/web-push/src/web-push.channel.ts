import { createHash } from 'node:crypto';
import webPush from 'web-push';
import type { Egress, ForbiddenReason } from '#clarion/egress';
import type { PushChannel, PushMessage, PushOutcome, StoredDevice, VapidKeys } from '#clarion/notifications';
import { DomainError, type PushSubscription } from '#clarion/protocol';
import { payloadOf } from './push-payload.js';
import { pushOutcomeOf } from './push-outcome.js';
import { VapidHeaders } from './vapid-headers.js';
import { isPublicKey } from './vapid-keys.js';

export interface WebPushOptions {
  readonly keys: VapidKeys;
  /** Whom push services may write to: a `mailto:` or `https:` URL. */
  readonly subject: string;
  /** Where paths in notifications lead; undefined: to the site of the worker. */
  readonly site: string | undefined;
}

/** Four weeks: of more some services take the whole push amiss. Seconds. */
const MAX_TTL_S = 2_419_200;

/** Web Push (RFC 8030): encrypted for the device (RFC 8291), and signed by this server (RFC 8292). */
export class WebPushChannel implements PushChannel {
  readonly publicKey: string;
  readonly #egress: Pick<Egress, 'judge' | 'request'>;
  readonly #vapid: VapidHeaders;
  readonly #site: string | undefined;

  constructor(egress: Pick<Egress, 'judge' | 'request'>, { keys, subject, site }: WebPushOptions) {
    this.publicKey = keys.publicKey;
    this.#egress = egress;
    this.#vapid = new VapidHeaders(keys, subject);
    this.#site = site;
  }

  /** @throws {DomainError} `endpoint.forbidden`; `body.invalid` when the device's key is none. */
  assertAcceptable({ endpoint, keys }: PushSubscription): void {
    const judged = this.#egress.judge(endpoint);
    if (!judged.ok) throw new DomainError('endpoint.forbidden', WHY[judged.reason]);
    if (isPublicKey(unpadded(keys.p256dh))) return;
    const errors = [{ pointer: '/subscription/keys/p256dh', detail: 'not a point on P-256' }];
    throw new DomainError('body.invalid', undefined, errors);
  }

  /** Empty for what is no address. */
  hostOf(endpoint: string): string {
    return URL.canParse(endpoint) ? new URL(endpoint).host : '';
  }

  /** What this costs the thread that calls is encryption, mostly (`bench/push-cost.ts`: 0.35 ms); the rest is waiting. */
  async deliver(device: StoredDevice, message: PushMessage, signal: AbortSignal): Promise<PushOutcome> {
    const { endpoint } = device;
    const judged = this.#egress.judge(endpoint);
    if (!judged.ok) return { outcome: 'refused', reason: judged.reason };
    const { host, origin } = judged.target;
    const body = encrypted(device, payloadOf(message, { host, site: this.#site }));
    if (body === undefined) return { outcome: 'refused', reason: 'keys_invalid' };
    const headers = { ...headersOf(message), authorization: this.#vapid.for(origin) };
    return pushOutcomeOf(await this.#egress.request({ url: endpoint, method: 'POST', headers, body, signal }));
  }
}

/** Undefined when the device's keys are none. */
function encrypted({ p256dh, auth }: StoredDevice, payload: Buffer): Buffer | undefined {
  try {
    return webPush.encrypt(p256dh, auth, payload, 'aes128gcm').cipherText;
  } catch {
    return undefined; // The library says no more than which key it was, and shows it.
  }
}

function headersOf(message: PushMessage): Record<string, string> {
  const topic = replacedBy(message);
  return {
    'content-type': 'application/octet-stream',
    'content-encoding': 'aes128gcm',
    ttl: String(Math.min(MAX_TTL_S, Math.max(0, Math.floor(message.ttlS)))),
    urgency: message.urgency,
    ...(topic !== undefined && { topic }),
  };
}

/**
 * RFC 8030 §5.4: of two with the same topic a service that still has the first delivers the second alone. So does the push that closes one. Tags
 * are nobody's business but the device's, and may be longer than the 32 characters that are allowed.
 */
function replacedBy(message: PushMessage): string | undefined {
  const [one, another] = message.kind === 'show' ? [message] : message.closed;
  if (one === undefined || another !== undefined) return undefined;
  return createHash('sha256')
    .update(one.collapseKey ?? one.id)
    .digest('base64url')
    .slice(0, 32);
}

function unpadded(base64url: string): string {
  return base64url.replace(/=+$/, '');
}

/** In words for those who register; the address itself is theirs. */
const WHY: Readonly<Record<ForbiddenReason, string>> = {
  url_invalid: 'the endpoint is no URL',
  scheme_forbidden: 'the endpoint is not an https URL',
  userinfo_forbidden: 'the endpoint has a user name or a password',
  host_forbidden: 'its host is not one of the push services that this server talks to',
  port_forbidden: 'its port is not one that this server talks to',
  address_forbidden: 'its address is not one of the public internet',
};
