import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Egress, type EgressOptions } from '#clarion/egress';
import { DomainError } from '#clarion/protocol';
import { makeVapidKeys, PUSH_HOSTS, WebPushChannel } from '#clarion/web-push';
import { Canary } from '../support/canary.js';
import { deviceAt, showMessage } from '../support/push-messages.js';
import { makeReceiverKeys } from '../support/push-decryption.js';
import { startPushService } from '../support/push-service.js';

const keys = makeVapidKeys();
const never = new AbortController().signal;
const receiver = makeReceiverKeys();
const device = (endpoint: string) =>
  deviceAt({
    endpoint,
    keys: { p256dh: receiver.publicKey.toString('base64url'), auth: receiver.auth.toString('base64url') },
  });

/** A public address that nobody here connects to. */
const PUBLIC = '93.184.216.34';

/** What name servers say of the names below, all of them an attacker's but the last ones. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'loopback.evil.example': ['127.0.0.1'],
  'loopback6.evil.example': ['::1'],
  'any.evil.example': ['0.0.0.0'],
  'any6.evil.example': ['::'],
  'private.evil.example': ['10.0.0.1'],
  'shared.evil.example': ['100.64.0.1'],
  'metadata.evil.example': ['169.254.169.254'],
  'metadata6.evil.example': ['fd00:ec2::254'],
  'mapped.evil.example': ['::ffff:127.0.0.1'],
  'nat64.evil.example': ['64:ff9b::127.0.0.1'],
  '6to4.evil.example': ['2002:7f00:1::1'],
  'mixed.evil.example': [PUBLIC, '127.0.0.1'],
  'mixed6.evil.example': [PUBLIC, '::1'],
  'last.evil.example': [...Array.from({ length: 40 }, () => PUBLIC), '127.0.0.1'],
  '127.0.0.1.nip.example': ['127.0.0.1'],
  localhost: ['127.0.0.1', '::1'],
  'app.localhost': ['127.0.0.1'],
  'metadata.google.internal': ['169.254.169.254'],
  'kubernetes.default.svc': ['10.96.0.1'],
  printer: ['192.168.1.9'],
  'xn--lcalhost-t4a.example': ['127.0.0.1'],
};

/** Of each kind, with PORT for that of the canary. The second says whether a server without a guard would reach the canary by it. */
const ENDPOINTS: readonly (readonly [string, boolean])[] = [
  // This machine, as an address, in every way that one can be written.
  ['https://127.0.0.1:PORT/', true],
  ['https://127.0.0.2:PORT/', true],
  ['https://127.255.255.254:PORT/', true],
  ['https://127.1:PORT/', true],
  ['https://127.0.1:PORT/', true],
  ['https://2130706433:PORT/', true],
  ['https://0x7f000001:PORT/', true],
  ['https://0x7f.0.0.1:PORT/', true],
  ['https://0x7F.1:PORT/', true],
  ['https://017700000001:PORT/', true],
  ['https://0177.0.0.1:PORT/', true],
  ['https://0177.0x0.0.01:PORT/', true],
  ['https://127.0.0.1.:PORT/', true],
  ['https://2130706433.:PORT/', true],
  ['https://%31%32%37.0.0.1:PORT/', true],
  ['https://127%2e0%2e0%2e1:PORT/', true],
  ['https://①②⑦.⓪.⓪.①:PORT/', false],
  ['https://１２７.0.0.1:PORT/', false],
  ['https://127。0。0。1:PORT/', false],
  ['https://0.0.0.0:PORT/', true],
  ['https://0:PORT/', true],
  ['https://0.0.0.1:PORT/', false],
  ['https://[::1]:PORT/', true],
  ['https://[0:0:0:0:0:0:0:1]:PORT/', true],
  ['https://[::]:PORT/', true],
  ['https://[::ffff:127.0.0.1]:PORT/', true],
  ['https://[::ffff:7f00:1]:PORT/', true],
  ['https://[0:0:0:0:0:ffff:127.0.0.1]:PORT/', true],
  ['https://[::ffff:0:127.0.0.1]:PORT/', false],
  ['https://[::127.0.0.1]:PORT/', false],
  ['https://[64:ff9b::127.0.0.1]:PORT/', false],
  ['https://[64:ff9b:1::127.0.0.1]:PORT/', false],
  ['https://[2002:7f00:1::1]:PORT/', false],
  ['https://[2001:0:7f00:1::1]:PORT/', false],
  // Its network.
  ['https://10.0.0.1:PORT/', false],
  ['https://10.255.255.255/', false],
  ['https://172.16.0.1:PORT/', false],
  ['https://172.31.255.254/', false],
  ['https://192.168.0.1:PORT/', false],
  ['https://3232235521:PORT/', false],
  ['https://100.64.0.1/', false],
  ['https://198.18.0.1/', false],
  ['https://192.0.0.1/', false],
  ['https://192.0.2.1/', false],
  ['https://224.0.0.1/', false],
  ['https://240.0.0.1/', false],
  ['https://255.255.255.255/', false],
  ['https://[fc00::1]/', false],
  ['https://[fd12:3456:789a::1]:PORT/', false],
  ['https://[fe80::1]/', false],
  ['https://[fe80::1%25eth0]/', false],
  ['https://[fec0::1]/', false],
  ['https://[ff02::1]/', false],
  ['https://[2001:db8::1]/', false],
  // The metadata of clouds.
  ['https://169.254.169.254/latest/meta-data/', false],
  ['https://2852039166/latest/meta-data/', false],
  ['https://0xa9fea9fe/', false],
  ['https://[::ffff:169.254.169.254]/', false],
  ['https://[fd00:ec2::254]/', false],
  ['https://metadata.google.internal/', false],
  // Names that lead there.
  ['https://localhost:PORT/', true],
  ['https://LOCALHOST:PORT/', true],
  ['https://localhost.:PORT/', false],
  ['https://app.localhost:PORT/', true],
  ['https://loopback.evil.example:PORT/', true],
  ['https://loopback6.evil.example:PORT/', true],
  ['https://any.evil.example:PORT/', true],
  ['https://any6.evil.example:PORT/', true],
  ['https://private.evil.example:PORT/', false],
  ['https://shared.evil.example:PORT/', false],
  ['https://metadata.evil.example/', false],
  ['https://metadata6.evil.example/', false],
  ['https://mapped.evil.example:PORT/', true],
  ['https://nat64.evil.example:PORT/', false],
  ['https://6to4.evil.example:PORT/', false],
  ['https://mixed.evil.example:PORT/', false],
  ['https://mixed6.evil.example:PORT/', false],
  ['https://last.evil.example:PORT/', false],
  ['https://127.0.0.1.nip.example:PORT/', true],
  ['https://kubernetes.default.svc:PORT/', false],
  ['https://printer:PORT/', false],
  ['https://lócalhost.example:PORT/', false],
  // Names that only look like those of push services, or hide where they lead.
  ['https://fcm.googleapis.com@127.0.0.1:PORT/', true],
  ['https://fcm.googleapis.com:443@127.0.0.1:PORT/', true],
  ['https://user:secret@loopback.evil.example:PORT/', true],
  ['https://@127.0.0.1:PORT/', true],
  ['https://127.0.0.1:PORT/#@fcm.googleapis.com/', true],
  ['https://127.0.0.1:PORT\\@fcm.googleapis.com/', false],
  ['https://127.0.0.1:PORT\t/', false],
  [' https://127.0.0.1:PORT/', false],
  ['https://127.0.0.1:PORT/?https://fcm.googleapis.com/', true],
  ['https:127.0.0.1:PORT/', true],
  ['https:///127.0.0.1:PORT/', true],
  // Other ways than https.
  ['http://127.0.0.1:PORT/', true],
  ['http://fcm.googleapis.com/', false],
  ['//127.0.0.1:PORT/', false],
  ['ftp://127.0.0.1:PORT/', false],
  ['gopher://127.0.0.1:PORT/_POST', false],
  ['file:///etc/passwd', false],
  ['data:,x', false],
  ['unix:/run/docker.sock', false],
];

let canary: Canary;
const opened: Egress[] = [];

function channelWith(options: Partial<EgressOptions>): WebPushChannel {
  const egress = new Egress({
    hosts: ['*:*'],
    timeoutMs: 5_000,
    resolve: (host) => Promise.resolve(NAMES[host] ?? []),
    ...options,
  });
  opened.push(egress);
  return new WebPushChannel(egress, { keys, subject: 'mailto:ops@example.com', site: undefined });
}

beforeAll(async () => {
  canary = await Canary.listen('::');
});

afterEach(() => {
  canary.connections = 0;
  for (const egress of opened.splice(0)) egress.close();
});

afterAll(() => canary.close());

const at = (template: string): string => template.replace('PORT', String(canary.port));
/** Refused before or after the name was looked up. */
const FORBIDDEN =
  /^(?:url_invalid|scheme_forbidden|userinfo_forbidden|host_forbidden|port_forbidden|address_forbidden)$/;

describe(`${ENDPOINTS.length} endpoints of attackers`, () => {
  it('are not taken by a server that talks to push services alone', () => {
    const channel = channelWith({ hosts: PUSH_HOSTS });
    for (const [template] of ENDPOINTS) {
      const { endpoint, p256dh, auth } = device(at(template));
      expect(() => channel.assertAcceptable({ endpoint, keys: { p256dh, auth } }), template).toThrow(DomainError);
    }
  });

  it('are reached by nothing, not even where every host is allowed: nobody is connected to', async () => {
    const channel = channelWith({});
    for (const [template] of ENDPOINTS)
      expect(await channel.deliver(device(at(template)), showMessage(), never), template).toEqual({
        outcome: 'refused',
        reason: expect.stringMatching(FORBIDDEN),
      });
    expect(canary.connections).toBe(0);
  });

  it('would be reached without the guard: the canary notices', async () => {
    const open = ENDPOINTS.filter(([, reaches]) => reaches);
    // No judge, no look at addresses: as if somebody had called `https.request`.
    const egress = new Egress({
      hosts: ['*:*'],
      timeoutMs: 5_000,
      loopback: true,
      mayConnectTo: () => true,
      resolve: (host) => Promise.resolve(NAMES[host] ?? []),
    });
    opened.push(egress);
    let noticed = 0;
    for (const [template] of open) {
      const url = new URL(at(template));
      url.username = '';
      url.password = '';
      url.hash = '';
      canary.connections = 0;
      await egress.request({ url: url.href.replace('.:', ':'), method: 'POST', headers: {}, signal: never });
      expect(canary.connections, template).toBeGreaterThan(0);
      noticed++;
    }
    expect(noticed).toBeGreaterThan(40);
  });

  it('are still not taken in tests, but for those of this machine', () => {
    const channel = channelWith({ hosts: PUSH_HOSTS, loopback: true });
    const { p256dh, auth } = device('');
    const taken = (endpoint: string): boolean => {
      try {
        channel.assertAcceptable({ endpoint, keys: { p256dh, auth } });
        return true;
      } catch {
        return false;
      }
    };
    const other = ENDPOINTS.filter(([template, reaches]) => !reaches || template.includes('evil'));
    expect(other.filter(([template]) => taken(at(template)))).toEqual([]);
    expect(taken('http://127.0.0.1:8080/push')).toBe(true);
  });
});

describe('push services', () => {
  it.each([
    'https://fcm.googleapis.com/fcm/send/dpH5lCsTSSM:APA91bHqjZxM0VImWWqDRN7U0a3AycjUf4O-byuxb_wJsKRaKvV_iKw56s16',
    'https://fcm.googleapis.com/wp/dpH5lCsTSSM:APA91bHqjZxM0',
    'https://jmt17.google.com/fcm/send/dpH5lCsTSSM:APA91bHqjZxM0',
    'https://updates.push.services.mozilla.com/wpush/v2/gAAAAABfd6Xn_-',
    'https://wns2-by3p.notify.windows.com/w/?token=BQYAAADxS%2bDpHFpZJlE%3d',
    'https://web.push.apple.com/QGuQyavXutnMNDzGvVzmOsdCrWpcV7wmEAZUY',
  ])('are taken: %s', (endpoint) => {
    const { p256dh, auth } = device(endpoint);
    expect(() =>
      channelWith({ hosts: PUSH_HOSTS }).assertAcceptable({ endpoint, keys: { p256dh, auth } }),
    ).not.toThrow();
  });

  it.each([
    'https://fcm.googleapis.com:8443/wp/x',
    'https://fcm.googleapis.com./wp/x',
    'https://fcm.googleapis.com.evil.example/wp/x',
    'https://evilfcm.googleapis.com/wp/x',
    'https://push.services.mozilla.com.evil.example/',
    'https://notify.windows.com/w/?token=x',
    'https://push.apple.com/x',
  ])('are not: %s', (endpoint) => {
    const { p256dh, auth } = device(endpoint);
    const acceptable = () => channelWith({ hosts: PUSH_HOSTS }).assertAcceptable({ endpoint, keys: { p256dh, auth } });
    expect(acceptable).toThrow(expect.objectContaining({ code: 'endpoint.forbidden' }));
    // What is refused is not repeated: an endpoint is a secret between its service and this server.
    expect(acceptable).not.toThrow(/evil|8443|token/);
  });

  it('are not spoken to with keys that are none', () => {
    const channel = channelWith({ hosts: PUSH_HOSTS });
    const { auth } = device('');
    const endpoint = 'https://fcm.googleapis.com/wp/x';
    for (const p256dh of [
      `B${'A'.repeat(86)}`,
      `BC${receiver.publicKey.toString('base64url').slice(2)}`.slice(0, -4) + 'AAAA',
    ])
      expect(() => channel.assertAcceptable({ endpoint, keys: { p256dh, auth } })).toThrow(
        expect.objectContaining({ code: 'body.invalid' }),
      );
  });
});

describe('what changes between two looks', () => {
  it('is looked at once: what was checked is what is connected to, until the next connection is checked anew', async () => {
    // Of this machine one address stands for a public one here; the canary listens at all others.
    const service = await startPushService({ address: '127.0.0.2' });
    const port = Number(new URL(service.origin).port);
    const answers = [['127.0.0.2'], ['127.0.0.1']];
    let asked = 0;
    const egress = new Egress({
      hosts: ['*:*'],
      timeoutMs: 5_000,
      mayConnectTo: (address) => address === '127.0.0.2',
      resolve: () => Promise.resolve(answers[Math.min(asked++, 1)] ?? []),
    });
    opened.push(egress);
    const push = () =>
      egress.request({ url: `https://rebind.evil.example:${port}/`, method: 'POST', headers: {}, signal: never });
    // It speaks no TLS: that it was connected to is what counts.
    expect(await push()).toEqual({ outcome: 'failed', reason: 'tls_failed' });
    expect([asked, service.connections]).toEqual([1, 1]);
    expect(await push()).toEqual({ outcome: 'forbidden', reason: 'address_forbidden' });
    expect([asked, service.connections]).toEqual([2, 1]);
    await service.close();
  });

  it('is noticed at the connection, too, before a byte is said', async () => {
    let bytes = 0;
    const server = createServer((socket) => socket.on('data', (chunk) => (bytes += chunk.length)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    let looks = 0;
    const egress = new Egress({
      hosts: ['*:*'],
      timeoutMs: 5_000,
      mayConnectTo: () => looks++ === 0,
      resolve: () => Promise.resolve(['127.0.0.1']),
    });
    opened.push(egress);
    const accepted = once(server, 'connection');
    expect(
      await egress.request({ url: `https://push.example:${port}/`, method: 'POST', headers: {}, signal: never }),
    ).toEqual({ outcome: 'forbidden', reason: 'address_forbidden' });
    const [socket] = await accepted;
    if (!socket.closed) await once(socket, 'close');
    expect([looks, bytes]).toEqual([2, 0]);
    server.close();
  });

  it('is not followed: whatever a redirect says, nobody else hears of it', async () => {
    const service = await startPushService();
    const channel = channelWith({ loopback: true });
    for (const status of [301, 302, 303, 307, 308])
      for (const location of [canary.url, `//127.0.0.1:${canary.port}/`, at('https://[::1]:PORT/'), '/elsewhere']) {
        const { subscription, path } = service.subscribe();
        service.answer(path, {
          status,
          headers: { location, refresh: `0; url=${canary.url}`, link: `<${canary.url}>` },
        });
        expect(await channel.deliver(deviceAt(subscription), showMessage(), never)).toEqual({
          outcome: 'refused',
          reason: 'redirected',
        });
      }
    expect(canary.connections).toBe(0);
    expect(service.faults).toEqual([]);
    await service.close();
  });
});
