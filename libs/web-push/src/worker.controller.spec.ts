import { readFileSync } from 'node:fs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NotificationLog, PUSH_CHANNEL, PUSH_STORE, type PushChannel, type VapidKeys } from '#clarion/notifications';
import { isKeyPair, makeVapidKeys } from './vapid-keys.js';
import { webPushConfigSchema } from './web-push.config.js';
import { WebPushModule } from './web-push.module.js';

/** Keeps the first pair that it is given, as stores do. */
class KeyKeeper {
  kept: VapidKeys | undefined;

  keepVapidKeys(made: VapidKeys): Promise<VapidKeys> {
    return Promise.resolve((this.kept ??= made));
  }
}

const keeper = new KeyKeeper();
let app: NestFastifyApplication;

async function start(settings: Readonly<Record<string, string>> = {}): Promise<NestFastifyApplication> {
  const surroundings = {
    module: class Surroundings {},
    global: true,
    providers: [
      { provide: PUSH_STORE, useValue: keeper },
      { provide: NotificationLog, useValue: {} },
    ],
    exports: [PUSH_STORE, NotificationLog],
  };
  const testing = await Test.createTestingModule({
    imports: [surroundings, WebPushModule.forRoot(webPushConfigSchema.parse(settings))],
  }).compile();
  const made = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  await made.init();
  await made.getHttpAdapter().getInstance().ready();
  return made;
}

beforeAll(async () => {
  app = await start();
});

afterAll(() => app.close());

it('serves the worker to this site and to others, for all of the site, and asks each time whether it is the same', async () => {
  const { statusCode, headers, body } = await app.inject('/sw.js');
  expect(statusCode).toBe(200);
  expect(body).toBe(readFileSync(new URL('../assets/sw.js', import.meta.url), 'utf8'));
  expect(headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'no-cache',
    'cross-origin-resource-policy': 'cross-origin',
    'service-worker-allowed': '/',
    'x-content-type-options': 'nosniff',
  });
  const again = await app.inject({ url: '/sw.js', headers: { 'if-none-match': `W/"other", ${headers.etag}` } });
  expect([again.statusCode, again.body]).toEqual([304, '']);
  expect(again.headers).toMatchObject({ 'cross-origin-resource-policy': 'cross-origin', etag: headers.etag });
});

it('makes a pair of keys once, and has the same after a restart', async () => {
  const first = app.get<PushChannel>(PUSH_CHANNEL).publicKey;
  expect(keeper.kept?.publicKey).toBe(first);
  expect(keeper.kept !== undefined && isKeyPair(keeper.kept)).toBe(true);
  const again = await start();
  expect(again.get<PushChannel>(PUSH_CHANNEL).publicKey).toBe(first);
  await again.close();
});

it('takes configured keys in their place, and keeps what was kept', async () => {
  const { publicKey, privateKey } = makeVapidKeys();
  const kept = keeper.kept;
  const configured = await start({ vapidPublicKey: publicKey, vapidPrivateKey: privateKey });
  expect(configured.get<PushChannel>(PUSH_CHANNEL).publicKey).toBe(publicKey);
  expect(keeper.kept).toBe(kept);
  await configured.close();
});
