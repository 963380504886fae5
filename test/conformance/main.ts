import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ACCESS_STORE, AccessModule, accessConfigSchema, limitsConfigSchema, LimitsModule } from '#clarion/access';
import { UpgradeRouter } from '#clarion/realtime';
import { MemoryAccessStore } from '../support/memory-access-store.js';
import { ConformanceIoAdapter } from './conformance-io.adapter.js';
import { CustomEchoGateway, MainEchoGateway } from './echo.gateways.js';
import { attachEngineIoEcho } from './engine-io-echo.js';
import { mountWebSocketEcho } from './web-socket-echo.js';

/** Nobody needs credentials here; the adapter asks for the library that checks them. */
const nobodys = () => randomBytes(32).toString('base64url');

@Global()
@Module({ providers: [{ provide: ACCESS_STORE, useClass: MemoryAccessStore }], exports: [ACCESS_STORE] })
class StoreModule {}

/** What the public conformance suites are run against: the production adapter and upgrade router, and echoes behind them. */
@Module({
  imports: [
    StoreModule,
    AccessModule.forRoot(accessConfigSchema.parse({ apiKey: nobodys(), tokenSecret: nobodys() })),
    LimitsModule.forRoot(limitsConfigSchema.parse({})),
  ],
  providers: [UpgradeRouter, MainEchoGateway, CustomEchoGateway],
})
class ConformanceModule {}

const port = Number(process.env['PORT'] ?? 3_000);
const app = await NestFactory.create<NestFastifyApplication>(ConformanceModule, new FastifyAdapter());
const router = app.get(UpgradeRouter);
app.useWebSocketAdapter(new ConformanceIoAdapter(app));
mountWebSocketEcho(router);
router.attach(app.getHttpServer());
await app.init();
attachEngineIoEcho(app.getHttpServer(), router);
await app.listen(port, '127.0.0.1');
await listenOnIpv6();
process.stdout.write(`{"msg":"listening","port":${port}}\n`);

/** A second listener of the same server, so that there is one of everything behind both addresses. */
async function listenOnIpv6(): Promise<void> {
  const listener = createServer((socket) => app.getHttpServer().emit('connection', socket));
  listener.listen(port, '::1');
  await once(listener, 'listening');
}
