import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { attachClarion, clarionHttpOptions } from 'clarion';
import { AppModule } from './app.module.js';

const {
  PORT = '3000',
  DATA_DIR: dataDir = './data',
  API_KEY: apiKey = '',
  TOKEN_SECRET: tokenSecret = '',
} = process.env;

const app = await NestFactory.create<NestFastifyApplication>(
  AppModule.forRoot({ dataDir, apiKey, tokenSecret }),
  new FastifyAdapter(clarionHttpOptions()),
);
attachClarion(app);
app.enableShutdownHooks();
await app.listen(Number(PORT), '127.0.0.1');
console.log(`The shop listens at ${await app.getUrl()}`);
