import { readdirSync, readFileSync } from 'node:fs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConsoleModule } from './console.module.js';

const assets = new URL('../assets/', import.meta.url);
let app: NestFastifyApplication;

beforeAll(async () => {
  const testing = await Test.createTestingModule({ imports: [ConsoleModule] }).compile();
  app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
});

afterAll(() => app.close());

describe('the page', () => {
  it('is served at / with a policy that lets nothing inline or foreign run', async () => {
    const { statusCode, headers, body } = await app.inject('/');
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
    expect(body).toContain('<title>Clarion</title>');
  });

  it('has no script, style or handler of its own in the markup', async () => {
    const { body } = await app.inject('/');
    expect(body).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i);
  });

  it('is answered with 304 to those who have it', async () => {
    const { headers } = await app.inject('/');
    const again = await app.inject({ url: '/', headers: { 'if-none-match': `W/"other", ${headers.etag}` } });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe('');
  });
});

describe('its files', () => {
  const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));

  it.each(scripts)('%s is served, and all that it imports', async (name) => {
    const { statusCode, headers, body } = await app.inject(`/console/${name}`);
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(body).toBe(readFileSync(new URL(name, assets), 'utf8'));
    for (const [, imported] of body.matchAll(/from '\.\/([\w.-]+)'/g))
      expect((await app.inject(`/console/${imported}`)).statusCode).toBe(200);
  });

  it('include all that the page names', async () => {
    const { body } = await app.inject('/');
    const named = [...body.matchAll(/(?:src|href)="(console\/[\w.-]+)"/g)].map(([, path]) => path);
    expect(named).toEqual(expect.arrayContaining(['console/page.js', 'console/console.css', 'console/clarion.svg']));
    for (const path of named) expect((await app.inject(`/${path}`)).statusCode).toBe(200);
  });

  it('include the stock Socket.IO client', async () => {
    const { body, headers } = await app.inject('/console/socketio-client.js');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(body).toMatch(/export\{.*\bas io\b/);
  });

  it.each([
    '/console/',
    '/console/index.html',
    '/console/jsconfig.json',
    '/console/judge.d.ts',
    '/console/..%2fsrc%2findex.ts',
    '/console/..%2f..%2f..%2fpackage.json',
    '/console/%2e%2e%2fREADME.md',
    '/console/..%5cREADME.md',
    '/console/page.js%00.css',
    '/console/__proto__',
    '/console/constructor',
    '/console/a/b.js',
  ])('%s does not exist', async (url) => {
    const { statusCode, body } = await app.inject(url);
    expect(statusCode).toBeGreaterThanOrEqual(400);
    expect(body).not.toContain('clarion');
  });
});
