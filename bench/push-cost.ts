// `npm run build && node dist/bench/push-cost.js`: what one push costs the thread that sends it, without the network.
import { createECDH, randomBytes } from 'node:crypto';
import webPush from 'web-push';
import { Egress } from '#clarion/egress';
import type { PushMessage, StoredDevice } from '#clarion/notifications';
import { makeVapidKeys, PUSH_HOSTS, WebPushChannel } from '#clarion/web-push';

const PUSHES = 2_000;
const ENDPOINT = 'https://fcm.googleapis.com/wp/a-subscription';
const SUBJECT = 'mailto:ops@example.com';
const LONG_BODY = 'Grüße an 👨‍👩‍👧 und alle anderen. '.repeat(1_900);

const keys = makeVapidKeys();
const egress = new Egress({ hosts: PUSH_HOSTS, timeoutMs: 1_000 });
const channel = new WebPushChannel(
  {
    judge: (address) => egress.judge(address),
    request: () =>
      Promise.resolve({ outcome: 'answered', status: 201, headers: {}, body: Buffer.alloc(0), truncated: false }),
  },
  { keys, subject: SUBJECT, site: 'https://app.example/' },
);
const never = new AbortController().signal;

function device(): StoredDevice {
  const receiver = createECDH('prime256v1');
  const unknown = { name: null, locale: null, timeZone: null, issuedAt: null };
  const health = { lastSuccessAt: null, failures: 0, lastFailureAt: null, lastFailureReason: null };
  return {
    ...unknown,
    ...health,
    user: 'u-1',
    id: 'laptop',
    endpoint: ENDPOINT,
    p256dh: receiver.generateKeys('base64url'),
    auth: randomBytes(16).toString('base64url'),
    subscribe: [],
    since: 0,
    createdAt: 0,
    verifiedAt: 0,
  };
}

function message(body: string, data?: unknown): PushMessage {
  return {
    kind: 'show',
    ttlS: 3_600,
    urgency: 'normal',
    unread: 3,
    id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    collapseKey: undefined,
    topic: 'users/u-1',
    ticket: 'a-ticket-of-22-letters',
    title: 'Order 42 has shipped',
    body,
    url: '/orders/42',
    icon: undefined,
    data,
    category: 'orders',
    actions: [{ id: 'track', title: 'Track', url: '/orders/42/track' }],
    publishedAt: Date.now(),
    shortened: 0,
  };
}

async function measure(name: string, push: () => unknown): Promise<void> {
  for (let i = 0; i < PUSHES / 10; i++) await push();
  const before = process.cpuUsage();
  for (let i = 0; i < PUSHES; i++) await push();
  const { user, system } = process.cpuUsage(before);
  console.log(`${name.padEnd(44)} ${((user + system) / 1_000 / PUSHES).toFixed(2)} ms of CPU`);
}

const to = device();
await measure('a push', () => channel.deliver(to, message('It arrives tomorrow.'), never));
await measure('  with 64 KiB of body', () => channel.deliver(to, message(LONG_BODY), never));
await measure('  and 200 KB of data', () => channel.deliver(to, message(LONG_BODY, 'x'.repeat(200_000)), never));
await measure('the encryption of 600 bytes', () => webPush.encrypt(to.p256dh, to.auth, Buffer.alloc(600), 'aes128gcm'));
await measure('a signature, which is made every six hours', () =>
  webPush.getVapidHeaders('https://a.example', SUBJECT, keys.publicKey, keys.privateKey, 'aes128gcm'),
);
egress.close();
