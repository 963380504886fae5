import { createECDH } from 'node:crypto';
import { readFile, rm, mkdtemp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Egress, type EgressOptions } from '#clarion/egress';
import type { PushMessage, PushOutcome } from '#clarion/notifications';
import { makeVapidKeys, WebPushChannel } from '#clarion/web-push';
import { Canary } from '../support/canary.js';
import { makeCertificate } from '../support/certificate.js';
import { decryptPush } from '../support/push-decryption.js';
import { closeMessage, deviceAt, showMessage } from '../support/push-messages.js';
import { startPushService, type Answer, type PushService } from '../support/push-service.js';
import { checkVapid } from '../support/vapid-check.js';
import { freePort } from '../support/server.js';

/** Longer than any answer takes that comes; and so long what does not come is waited for. Milliseconds. */
const PATIENCE_MS = 20_000;
const IMPATIENCE_MS = 300;

const keys = makeVapidKeys();
const never = new AbortController().signal;
const bytes = (base64url: string): Buffer => Buffer.from(base64url, 'base64url');
const opened: { close(): void }[] = [];
let service: PushService;
let channel: WebPushChannel;

function channelWith(options: Partial<EgressOptions> = {}, site?: string): WebPushChannel {
  const egress = new Egress({ hosts: [], timeoutMs: PATIENCE_MS, loopback: true, ...options });
  opened.push(egress);
  return new WebPushChannel(egress, { keys, subject: 'mailto:ops@example.com', site });
}

beforeAll(async () => {
  service = await startPushService();
  channel = channelWith();
});

afterEach(() => {
  expect(service.faults).toEqual([]);
});

afterAll(async () => {
  for (const { close } of opened.map((one) => ({ close: () => one.close() }))) close();
  await service.close();
});

async function deliver(message: PushMessage = showMessage(), answer: Answer = 201, by = channel) {
  const { subscription, path } = service.subscribe(undefined, keys.publicKey);
  service.answer(path, answer);
  const outcome = await by.deliver(deviceAt(subscription), message, never);
  return { outcome, received: service.at(path) };
}

describe('encryption and signature', () => {
  /** RFC 8291 §5 and appendix A. */
  const RFC_8291 = {
    text: 'When I grow up, I want to be a watermelon',
    sender: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
    receiver: {
      privateKey: bytes('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'),
      publicKey: bytes('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'),
      auth: bytes('BTBZMqHH6r4Tts7J_aSIgg'),
    },
    salt: 'DGv6ra1nlYgDCS1FRnbzlw',
    body: 'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  };

  it('of RFC 8291: the push service of these tests reads the example', () => {
    expect(decryptPush(bytes(RFC_8291.body), RFC_8291.receiver).toString()).toBe(RFC_8291.text);
  });

  it('of RFC 8291: what encrypts for us writes the example, byte by byte', () => {
    const webPush = createRequire(import.meta.url).resolve('web-push');
    const ece: { encrypt(text: Buffer, params: object): Buffer } = createRequire(webPush)('http_ece');
    const privateKey = createECDH('prime256v1');
    privateKey.setPrivateKey(bytes(RFC_8291.sender));
    const { publicKey, auth } = RFC_8291.receiver;
    const body = ece.encrypt(Buffer.from(RFC_8291.text), {
      version: 'aes128gcm',
      privateKey,
      salt: RFC_8291.salt,
      dh: publicKey.toString('base64url'),
      authSecret: auth.toString('base64url'),
    });
    expect(body.toString('base64url')).toBe(RFC_8291.body);
  });

  it('of RFC 8292: the push service of these tests verifies the example, and nothing that was changed', () => {
    const claims =
      'eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0';
    const signature = 'i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA';
    const key = 'BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs';
    const example = `vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.${claims}.${signature}, k=${key}`;
    const expiry = 1_453_523_768_000;
    const origin = 'https://push.example.net';
    expect(checkVapid(example, origin, expiry - 3_600_000)).toEqual({
      publicKey: key,
      claims: { aud: origin, exp: expiry / 1_000, sub: 'mailto:push@example.com' },
    });
    expect(() => checkVapid(example, 'https://push.example.org', expiry - 1)).toThrow('it is for');
    expect(() => checkVapid(example, origin, expiry)).toThrow('expired');
    expect(() => checkVapid(example, origin, expiry - 90_000_000)).toThrow('more than a day');
    expect(() => checkVapid(example.replace('.i3CY', '.i3CZ'), origin, expiry - 1)).toThrow('not by that key');
    expect(() => checkVapid(example.replace(claims, `${claims.slice(0, -4)}aX0`), origin, expiry - 1)).toThrow();
    expect(() => checkVapid(`${example.slice(0, -87)}${keys.publicKey}`, origin, expiry - 1)).toThrow(
      'not by that key',
    );
  });

  it('are anew for each push and each device, and never in the clear', async () => {
    const { subscription, path } = service.subscribe();
    const texts = ['', 'plain', 'Grüße aus Wien', '👩‍👩‍👧‍👦 und 🇦🇹', '\u0000\u2028"\\', 'x'.repeat(3_000)];
    for (const body of texts) await channel.deliver(deviceAt(subscription), showMessage({ title: 'T', body }), never);
    const pushes = service.at(path);
    expect(pushes.map(({ payload }) => payload)).toMatchObject(
      texts.map((body) => ({ notification: { title: 'T', ...(body !== '' && { body }) } })),
    );
    expect(new Set(pushes.map(({ encrypted }) => encrypted.subarray(0, 16).toString('hex'))).size).toBe(texts.length);
    expect(new Set(pushes.map(({ encrypted }) => encrypted.subarray(21, 86).toString('hex'))).size).toBe(texts.length);
    for (const { encrypted } of pushes) expect(encrypted.includes('notification')).toBe(false);
  });

  it('are by the key that pages subscribe with, for the origin alone, for half a day, and in whose name was configured', async () => {
    const { received } = await deliver();
    const [{ vapid, at } = expect.fail('nothing came')] = received;
    expect(vapid.publicKey).toBe(channel.publicKey);
    expect(vapid.claims).toMatchObject({ aud: service.origin, sub: 'mailto:ops@example.com' });
    expect(vapid.claims.exp - at / 1_000).toBeGreaterThan(11 * 3_600);
    expect(vapid.claims.exp - at / 1_000).toBeLessThanOrEqual(12 * 3_600 + 1);
  });

  it('are good still when the server has run for long', async () => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    try {
      for (const hours of [0, 5, 7, 13, 25, 49, -3]) {
        vi.setSystemTime(Date.now() + hours * 3_600_000);
        expect((await deliver()).outcome).toEqual({ outcome: 'delivered' });
      }
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a push', () => {
  it('has the headers of RFC 8030', async () => {
    const { received } = await deliver(showMessage({ ttlS: 90.7, urgency: 'high', collapseKey: 'orders/42' }));
    const again = await deliver(showMessage({ id: 'another', collapseKey: 'orders/42' }));
    const other = await deliver(showMessage({ id: 'another' }));
    const closing = await deliver(closeMessage([{ id: 'x', collapseKey: 'orders/42' }]));
    const several = await deliver(closeMessage([{ id: 'x' }, { id: 'y' }]));
    const headers = received[0]?.headers;
    expect(headers).toMatchObject({ ttl: '90', urgency: 'high', 'content-encoding': 'aes128gcm' });
    expect(headers?.['topic']).toMatch(/^[\w-]{32}$/);
    expect(again.received[0]?.headers['topic']).toBe(headers?.['topic']);
    expect(closing.received[0]?.headers['topic']).toBe(headers?.['topic']);
    expect(other.received[0]?.headers['topic']).not.toBe(headers?.['topic']);
    expect(several.received[0]?.headers).not.toHaveProperty('topic');
    expect((await deliver(showMessage({ ttlS: 9_999_999 }))).received[0]?.headers['ttl']).toBe('2419200');
    expect((await deliver(showMessage({ ttlS: -1 }))).received[0]?.headers['ttl']).toBe('0');
  });

  it('arrives whatever is published, and no service is ever given too much', async () => {
    const body = 'Zwölf Boxkämpfer jagen Viktor 👨‍👩‍👧 quer über den Sylter Deich. '.repeat(900);
    for (const shortened of [0, 1, 2, 3, 4])
      expect(
        (await deliver(showMessage({ body, data: { blob: 'x'.repeat(250_000) }, title: 'T'.repeat(1_024), shortened })))
          .outcome,
      ).toEqual({ outcome: 'delivered' });
  });

  it('goes over connections that stay', async () => {
    const quiet = await startPushService();
    const { subscription } = quiet.subscribe();
    for (let i = 0; i < 3; i++) await channel.deliver(deviceAt(subscription), showMessage(), never);
    expect(quiet.received).toHaveLength(3);
    expect(quiet.connections).toBe(1);
    await quiet.close();
  });

  it('is sent once more when the connection that stayed was just being closed, and only then', async () => {
    const own = await startPushService();
    const { subscription, path } = own.subscribe();
    own.answer(path, 201, 'break', 201, 'break', 'break');
    const push = () => channel.deliver(deviceAt(subscription), showMessage(), never);
    expect(await push()).toEqual({ outcome: 'delivered' });
    expect(await push()).toEqual({ outcome: 'delivered' });
    expect(own.received).toHaveLength(3);
    expect(await push()).toEqual({ outcome: 'later', reason: 'connection_broken' });
    expect(own.received).toHaveLength(5);
    await own.close();
  });
});

describe('what a push service answers', () => {
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  const cases: [string, Answer, PushOutcome][] = [
    ['200', 200, { outcome: 'delivered' }],
    ['201', { status: 201, headers: { location: 'https://push.example/m/1' } }, { outcome: 'delivered' }],
    ['202', 202, { outcome: 'delivered' }],
    ['204', 204, { outcome: 'delivered' }],
    ['404', 404, { outcome: 'gone' }],
    ['410', { status: 410, body: '{"errno":106}' }, { outcome: 'gone' }],
    ['413', 413, { outcome: 'too_large' }],
    ['429', 429, { outcome: 'later', reason: 'rate_limited' }],
    [
      '429, in seconds',
      { status: 429, headers: { 'retry-after': '120' } },
      { outcome: 'later', reason: 'rate_limited', retryAfterMs: 120_000 },
    ],
    [
      '429, by a date',
      { status: 429, headers: { 'retry-after': date } },
      { outcome: 'later', reason: 'rate_limited', retryAfterMs: expect.closeTo(3_599_000, -4) },
    ],
    [
      '429, in the past',
      { status: 429, headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } },
      { outcome: 'later', reason: 'rate_limited', retryAfterMs: 0 },
    ],
    [
      '429, in words',
      { status: 429, headers: { 'retry-after': 'soon' } },
      { outcome: 'later', reason: 'rate_limited' },
    ],
    ['406', 406, { outcome: 'later', reason: 'rate_limited' }],
    ['408', 408, { outcome: 'later', reason: 'status_408' }],
    ['500', 500, { outcome: 'later', reason: 'status_500' }],
    [
      '503, in seconds',
      { status: 503, headers: { 'retry-after': '7' } },
      { outcome: 'later', reason: 'status_503', retryAfterMs: 7_000 },
    ],
    ['400', 400, { outcome: 'refused', reason: 'bad_request' }],
    ['401', 401, { outcome: 'refused', reason: 'key_refused' }],
    ['403', { status: 403, body: '{"reason":"VapidPkHashMismatch"}' }, { outcome: 'refused', reason: 'key_refused' }],
    ['405', 405, { outcome: 'refused', reason: 'status_405' }],
    [
      '301',
      { status: 301, headers: { location: 'http://127.0.0.1:1/' } },
      { outcome: 'refused', reason: 'redirected' },
    ],
    ['308', { status: 308, headers: { location: '/elsewhere' } }, { outcome: 'refused', reason: 'redirected' }],
    ['304', 304, { outcome: 'refused', reason: 'redirected' }],
    ['a body without measure', 'huge', { outcome: 'delivered' }],
    ['a head without measure', 'huge-head', { outcome: 'later', reason: 'answer_invalid' }],
    ['an end of the connection', 'break', { outcome: 'later', reason: 'connection_broken' }],
    ['an end in the middle of the body', 'break-body', { outcome: 'delivered' }],
    ['another protocol', 'switch', { outcome: 'later', reason: 'connection_broken' }],
    ['no HTTP', 'nonsense', { outcome: 'later', reason: 'answer_invalid' }],
  ];

  it.concurrent.each(cases)('%s', async (_, answer, outcome) => {
    expect((await deliver(showMessage(), answer)).outcome).toEqual(outcome);
  });

  it.concurrent.each<[string, Answer, number, PushOutcome]>([
    ['nothing', 'hang', IMPATIENCE_MS, { outcome: 'later', reason: 'timeout' }],
    ['a head that never ends', 'drip-head', IMPATIENCE_MS, { outcome: 'later', reason: 'timeout' }],
    // Its head must have come by then.
    ['a body that never ends', 'drip', 2_000, { outcome: 'delivered' }],
  ])('%s is not waited for', async (_, answer, timeoutMs, outcome) => {
    expect((await deliver(showMessage(), answer, channelWith({ timeoutMs }))).outcome).toEqual(outcome);
  });

  it('is refused for a subscription to another key, as the services do', async () => {
    const { subscription } = service.subscribe(undefined, makeVapidKeys().publicKey);
    expect(await channel.deliver(deviceAt(subscription), showMessage(), never)).toEqual({
      outcome: 'refused',
      reason: 'key_refused',
    });
  });

  it('is not read beyond its bounds, nor waited for when it has been', async () => {
    expect((await deliver(showMessage(), 'huge', channelWith({ timeoutMs: 60_000 }))).outcome).toEqual({
      outcome: 'delivered',
    });
  });
});

describe('where nobody answers', () => {
  it('there is another time, and a reason', async () => {
    const { subscription } = service.subscribe();
    const at = (origin: string) => ({ ...subscription, endpoint: `${origin}/push` });
    const closed = await freePort();
    const deaf = channelWith({ hosts: ['*'], resolve: () => Promise.reject(new Error('no name server')) });
    expect(await channel.deliver(deviceAt(at(`http://127.0.0.1:${closed}`)), showMessage(), never)).toEqual({
      outcome: 'later',
      reason: 'connection_refused',
    });
    expect(await deaf.deliver(deviceAt(at('https://push.example')), showMessage(), never)).toEqual({
      outcome: 'later',
      reason: 'host_unresolved',
    });
  });

  it('whoever asked can give up, before and after it was sent', async () => {
    const { subscription, path } = service.subscribe();
    service.answer(path, 'hang');
    const patient = channelWith({ timeoutMs: 60_000 });
    const gone = { outcome: 'later', reason: 'aborted' };
    expect(await patient.deliver(deviceAt(subscription), showMessage(), AbortSignal.abort())).toEqual(gone);
    const giveUp = new AbortController();
    const delivered = patient.deliver(deviceAt(subscription), showMessage(), giveUp.signal);
    await service.count(1, path);
    giveUp.abort();
    expect(await delivered).toEqual(gone);
  });

  it('a lookup that hangs takes no longer than the rest', async () => {
    const { subscription } = service.subscribe();
    const slow = channelWith({ hosts: ['*'], resolve: () => new Promise(() => {}), timeoutMs: 50 });
    const device = deviceAt({ ...subscription, endpoint: 'https://push.example/x' });
    expect(await slow.deliver(device, showMessage(), never)).toEqual({ outcome: 'later', reason: 'timeout' });
  });

  it('keys that are none are refused, whoever stored them', async () => {
    const { subscription } = service.subscribe();
    const device = deviceAt(subscription, { p256dh: `B${'A'.repeat(86)}` });
    expect(await channel.deliver(device, showMessage(), never)).toEqual({ outcome: 'refused', reason: 'keys_invalid' });
  });
});

describe('TLS', () => {
  let directory: string;
  let tls: { cert: string; key: string };
  let secure: PushService;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clarion-push-'));
    const files = makeCertificate(directory);
    tls = { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
    secure = await startPushService({ tls });
  });

  afterAll(async () => {
    expect(secure.faults).toEqual([]);
    await secure.close();
    await rm(directory, { recursive: true });
  });

  it('reaches whom it believes, and nobody else', async () => {
    const impostor = await startPushService({ tls, address: '127.0.0.2' });
    const trusting = channelWith({ ca: tls.cert });
    const push = (to: PushService, by: WebPushChannel) =>
      by.deliver(deviceAt(to.subscribe().subscription), showMessage(), never);
    expect(await push(secure, trusting)).toEqual({ outcome: 'delivered' });
    expect(await push(impostor, trusting)).toEqual({ outcome: 'later', reason: 'tls_failed' });
    expect(await push(secure, channel)).toEqual({ outcome: 'later', reason: 'tls_failed' });
    expect([secure.received.length, impostor.received.length]).toEqual([1, 0]);
    await impostor.close();
  });

  it('believes nobody more for what the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      const { subscription } = secure.subscribe();
      expect(await channelWith().deliver(deviceAt(subscription), showMessage(), never)).toEqual({
        outcome: 'later',
        reason: 'tls_failed',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('goes by no proxy of the environment', async () => {
    const proxy = await Canary.listen();
    for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'])
      vi.stubEnv(name, proxy.url);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    try {
      expect((await deliver()).outcome).toEqual({ outcome: 'delivered' });
      expect(proxy.connections).toBe(0);
    } finally {
      vi.unstubAllEnvs();
      proxy.close();
    }
  });
});
