import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attachClarion, clarionHttpOptions, ClarionModule } from 'clarion';
import { accessConfigSchema } from 'clarion/access';
import { InProcessEventBusModule } from 'clarion/event-bus';
import { SseModule, sseConfigSchema } from 'clarion/gateway-http';
import { notificationsConfigSchema, Publisher } from 'clarion/notifications';
import { realtimeConfigSchema } from 'clarion/realtime';
import { sqliteStoreOptions, StoreSqliteModule, storeSqliteConfigSchema } from 'clarion/store-sqlite';

const TOPIC = 'demo';

@Controller('own')
class OwnController {
  @Get()
  read(): string {
    return 'the host';
  }
}

let folder: string;
const apps: NestFastifyApplication[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clarion-embedded-'));
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await rm(folder, { recursive: true, force: true });
});

/** Somebody else's application with Clarion in it, as its documentation says. */
async function host(name: string): Promise<{ app: NestFastifyApplication; url: string }> {
  const dataDir = join(folder, name);
  @Module({
    controllers: [OwnController],
    imports: [
      ClarionModule.forRoot({
        store: StoreSqliteModule.forRoot(sqliteStoreOptions(storeSqliteConfigSchema.parse({ dataDir }))),
        bus: InProcessEventBusModule.forRoot(),
        gateways: [{ module: SseModule.forRoot(sseConfigSchema.parse({})) }],
        access: accessConfigSchema.parse({
          apiKey: `api-key-of-${name}-app`,
          tokenSecret: 's'.repeat(32),
          anonymousTopics: TOPIC,
        }),
        notifications: notificationsConfigSchema.parse({}),
        realtime: realtimeConfigSchema.parse({}),
      }),
    ],
  })
  class HostModule {}
  const app = await NestFactory.create<NestFastifyApplication>(HostModule, new FastifyAdapter(clarionHttpOptions()), {
    logger: false,
  });
  apps.push(app);
  attachClarion(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

async function listen(url: string): Promise<{ saw(text: string): Promise<string>; ended: Promise<string> }> {
  const answer = await fetch(`${url}/v1/events?topics=${TOPIC}`, { headers: { accept: 'text/event-stream' } });
  expect(answer.status).toBe(200);
  if (answer.body === null) throw new Error('no stream');
  const [first, second] = answer.body.tee();
  const reader = first.pipeThrough(new TextDecoderStream()).getReader();
  let all = '';
  const saw = async (text: string): Promise<string> => {
    while (!all.includes(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`ended without ${text}: ${all}`);
      all += value;
    }
    return all;
  };
  return { saw, ended: new Response(second).text() };
}

function publish(url: string, name: string, title: string): Promise<Response> {
  return fetch(`${url}/v1/notifications`, {
    method: 'POST',
    headers: { authorization: `Bearer api-key-of-${name}-app`, 'content-type': 'application/json' },
    body: JSON.stringify({ topic: TOPIC, title }),
  });
}

it('works inside another Nest application, beside its own routes', async () => {
  const { app, url } = await host('one');
  const listener = await listen(url);
  await listener.saw('event: ready');
  expect((await publish(url, 'one', 'over REST')).status).toBe(201);
  await listener.saw('over REST');
  expect(await (await fetch(`${url}/own`)).text()).toBe('the host');
  expect(app.get(Publisher)).toBeInstanceOf(Publisher);
});

it('drains when its host closes', async () => {
  const { app, url } = await host('one');
  const listener = await listen(url);
  await listener.saw('event: ready');
  await app.close();
  expect(await listener.ended).toMatch(/event: bye\n/);
});

it('two in one process do not meet', async () => {
  const one = await host('one');
  const two = await host('two');
  const [listenerOne, listenerTwo] = [await listen(one.url), await listen(two.url)];
  expect((await publish(one.url, 'two', 'wrong key')).status).toBe(401);
  await publish(one.url, 'one', 'for one');
  await publish(two.url, 'two', 'for two');
  expect(await listenerOne.saw('for one')).not.toContain('for two');
  expect(await listenerTwo.saw('for two')).not.toContain('for one');
});
