import { createECDH, randomBytes, randomUUID } from 'node:crypto';
import type { PushSubscription } from '#clarion/protocol';

/** As a browser would bring it, of a push service at which nobody listens: for tests that are not about what is pushed. */
export function deafSubscription(endpoint = `http://127.0.0.1:9/${randomUUID()}`): PushSubscription {
  const p256dh = createECDH('prime256v1').generateKeys('base64url');
  return { endpoint, keys: { p256dh, auth: randomBytes(16).toString('base64url') } };
}
