import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DRIVERS } from '../app.module.js';
import { ConfigError } from './config-error.js';
import { loadConfig } from './config.js';
import type { Environment } from './section.js';

const KEY = 'an-api-key-of-some-length';
const SECRET = 'a-token-secret-that-has-at-least-32-bytes';

describe('loadConfig', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'clarion-config-'));
  });

  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const load = (environment: Environment) => loadConfig({ CLARION_DATA_DIR: dataDir, ...environment }, DRIVERS);
  const problemsOf = async (environment: Environment): Promise<string[]> => {
    const error = await load(environment).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof ConfigError ? error.problems.map(({ env }) => env).toSorted() : [];
  };

  it('needs nothing outside production', async () => {
    const { server, access, gateways } = await load({});
    expect(server).toMatchObject({ host: '127.0.0.1', port: 3_000, page: true, docs: true, trustProxy: false });
    expect(access.allowedOrigins).toEqual(['http://localhost:*', 'http://127.0.0.1:*']);
    expect(gateways).toHaveLength(Object.keys(DRIVERS.gateways).length);
  });

  it('lets pages of this machine in that came by the scheme that it speaks, and takes a base path with and without its end', async () => {
    const { server, access } = await load({
      CLARION_TLS_CERT: 'tls.pem',
      CLARION_TLS_KEY: 'tls.key',
      CLARION_BASE_PATH: '/a/b-c/',
    });
    expect(access.allowedOrigins).toEqual(['https://localhost:*', 'https://127.0.0.1:*']);
    expect(server).toMatchObject({ tlsCert: 'tls.pem', tlsKey: 'tls.key', basePath: '/a/b-c' });
    expect((await load({ CLARION_BASE_PATH: '/' })).server.basePath).toBe('');
  });

  it.each(['clarion', '/a/../b', '/a b', '//a', '/a?b', '/v1/clarion', '/socket.io'])(
    'takes no base path that is none, or could be read in two ways: %s',
    async (path) => {
      expect(await problemsOf({ CLARION_BASE_PATH: path })).toEqual(['CLARION_BASE_PATH']);
    },
  );

  it('takes a certificate with its key alone, whatever else is wrong', async () => {
    expect(await problemsOf({ CLARION_TLS_CERT: 'tls.pem', PORT: 'x' })).toEqual(['CLARION_TLS_KEY', 'PORT']);
    expect(await problemsOf({ CLARION_TLS_KEY: 'tls.key' })).toEqual(['CLARION_TLS_CERT']);
  });

  it('opens itself and closes its pages in production', async () => {
    const production = { NODE_ENV: 'production', CLARION_API_KEY: KEY, CLARION_TOKEN_SECRET: SECRET };
    const { server, access } = await load(production);
    expect(server).toMatchObject({ host: '0.0.0.0', page: false, docs: false });
    expect(access.allowedOrigins).toEqual([]);
    expect((await load({ ...production, CLARION_PAGE: 'true', CLARION_DOCS: '1' })).server).toMatchObject({
      page: true,
      docs: true,
    });
  });

  it('names what is missing in production and makes nothing', async () => {
    expect(await problemsOf({ NODE_ENV: 'production' })).toEqual(['CLARION_API_KEY', 'CLARION_TOKEN_SECRET']);
    await expect(stat(join(dataDir, 'credentials.json'))).rejects.toThrow('ENOENT');
  });

  it('names every wrong variable at once, of all libraries, and those that do not exist', async () => {
    const problems = await problemsOf({
      NODE_ENV: 'producton',
      PORT: '70000',
      CLARION_GATEWAYS: 'smoke-signals',
      CLARION_STORE: 'papyrus',
      CLARION_TRUST_PROXY: '10.0.0.0/99',
      CLARION_PAGE: 'maybe',
      CLARION_ALLOWED_ORIGINS: 'not an origin',
      CLARION_RESUME_MAX_AGE_S: 'a while',
      CLARION_HEARTBEAT_MS: '-1',
      CLARION_TOKEN_SECRET: 'short',
      CLARION_PORT: '3000',
      CLARION_BASE_PATH: 'clarion',
    });
    expect(problems).toEqual([
      'CLARION_ALLOWED_ORIGINS',
      'CLARION_BASE_PATH',
      'CLARION_GATEWAYS',
      'CLARION_HEARTBEAT_MS',
      'CLARION_PAGE',
      'CLARION_PORT',
      'CLARION_RESUME_MAX_AGE_S',
      'CLARION_STORE',
      'CLARION_TOKEN_SECRET',
      'CLARION_TRUST_PROXY',
      'NODE_ENV',
      'PORT',
    ]);
  });

  it("names a driver's wrong variable", async () => {
    expect(await problemsOf({ CLARION_SQLITE_READERS: 'all' })).toEqual(['CLARION_SQLITE_READERS']);
  });

  it('never shows a secret, also a wrong one', async () => {
    await expect(load({ CLARION_API_KEY: 'hush', CLARION_TOKEN_SECRET: 'quiet' })).rejects.toSatisfy(
      (error) => error instanceof ConfigError && !/hush|quiet/.test(error.message + JSON.stringify(error.problems)),
    );
  });

  it('takes an empty variable for an absent one', async () => {
    expect((await load({ PORT: '', CLARION_METRICS_PORT: '' })).server).toMatchObject({ port: 3_000 });
  });

  describe('without credentials', () => {
    it('makes them once, for its owner alone, and uses them again', async () => {
      const first = await load({});
      const second = await load({});
      const path = join(dataDir, 'credentials.json');
      expect(first.access.apiKey).toMatch(/^[\w-]{43}$/);
      expect(second.access).toEqual(first.access);
      expect(first.keyFile).toBe(path);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    });

    it('makes a data directory for its owner alone', async () => {
      const own = join(dataDir, 'deeper', 'data');
      await load({ CLARION_DATA_DIR: own });
      expect((await stat(own)).mode & 0o777).toBe(0o700);
    });

    it('completes only what the environment leaves open', async () => {
      const { access, keyFile } = await load({ CLARION_API_KEY: KEY });
      expect(access.apiKey).toBe(KEY);
      expect(access.tokenSecret).toMatch(/^[\w-]{43}$/);
      expect(keyFile).toBeUndefined();
      expect((await load({ CLARION_API_KEY: KEY })).access.tokenSecret).toBe(access.tokenSecret);
    });

    it('makes none when something else is wrong', async () => {
      await problemsOf({ PORT: 'harbour' });
      await expect(stat(join(dataDir, 'credentials.json'))).rejects.toThrow('ENOENT');
    });

    it('refuses damaged ones, and leaves them alone', async () => {
      const path = join(dataDir, 'credentials.json');
      await writeFile(path, '{"apiKey": "half');
      expect(await problemsOf({})).toEqual(['CLARION_DATA_DIR']);
      expect(await readFile(path, 'utf8')).toBe('{"apiKey": "half');
    });
  });
});
