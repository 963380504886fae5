import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeVapidKeys } from '#clarion/web-push';
import { DRIVERS } from '../app.module.js';
import { ConfigError } from './config-error.js';
import { loadConfig } from './config.js';
import type { Environment } from './section.js';

describe('channels', () => {
  const keys = makeVapidKeys();
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'clarion-channels-'));
  });

  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const load = (environment: Environment) => loadConfig({ CLARION_DATA_DIR: dataDir, ...environment }, DRIVERS);

  it('are all that there are, those that are named, or none', async () => {
    expect((await load({})).channels).toHaveLength(Object.keys(DRIVERS.channels).length);
    expect((await load({ CLARION_CHANNELS: '' })).channels).toHaveLength(Object.keys(DRIVERS.channels).length);
    expect((await load({ CLARION_CHANNELS: 'web-push, web-push' })).channels).toHaveLength(1);
    expect((await load({ CLARION_CHANNELS: 'none' })).channels).toEqual([]);
  });

  it('take what is right', async () => {
    const { channels } = await load({
      CLARION_VAPID_PUBLIC_KEY: keys.publicKey,
      CLARION_VAPID_PRIVATE_KEY: keys.privateKey,
      CLARION_VAPID_SUBJECT: 'mailto:ops@example.com',
      CLARION_PUSH_HOSTS: 'Push.example, *.push.example:8443',
      CLARION_PUSH_PUBLIC_URL: 'https://app.example/shop',
    });
    expect(channels).toHaveLength(1);
  });

  const private_ = { CLARION_VAPID_PRIVATE_KEY: keys.privateKey };
  it.each<[string, Environment, string[]]>([
    ['another channel', { CLARION_CHANNELS: 'pigeon' }, ['CLARION_CHANNELS']],
    ['none and one', { CLARION_CHANNELS: 'none,web-push' }, ['CLARION_CHANNELS']],
    ['a public key alone', { CLARION_VAPID_PUBLIC_KEY: keys.publicKey }, ['CLARION_VAPID_PRIVATE_KEY']],
    ['a private key alone', private_, ['CLARION_VAPID_PUBLIC_KEY']],
    [
      'keys of two pairs',
      { ...private_, CLARION_VAPID_PUBLIC_KEY: makeVapidKeys().publicKey },
      ['CLARION_VAPID_PUBLIC_KEY'],
    ],
    [
      'a point beside the curve',
      { ...private_, CLARION_VAPID_PUBLIC_KEY: `B${'A'.repeat(86)}` },
      ['CLARION_VAPID_PUBLIC_KEY'],
    ],
    [
      'no keys',
      { CLARION_VAPID_PUBLIC_KEY: 'x', CLARION_VAPID_PRIVATE_KEY: 'hush' },
      ['CLARION_VAPID_PRIVATE_KEY', 'CLARION_VAPID_PUBLIC_KEY'],
    ],
    ['nobody to write to', { CLARION_VAPID_SUBJECT: 'ops@example.com' }, ['CLARION_VAPID_SUBJECT']],
    ['nobody whom others reach', { CLARION_VAPID_SUBJECT: 'mailto:root@localhost' }, ['CLARION_VAPID_SUBJECT']],
    ['hosts that are none', { CLARION_PUSH_HOSTS: 'https://push.example/' }, ['CLARION_PUSH_HOSTS']],
    ['no site', { CLARION_PUSH_PUBLIC_URL: 'app.example' }, ['CLARION_PUSH_PUBLIC_URL']],
    ['a site with a password', { CLARION_PUSH_PUBLIC_URL: 'https://a:hush@app.example' }, ['CLARION_PUSH_PUBLIC_URL']],
    [
      'all at once',
      { CLARION_PUSH_TIMEOUT_MS: 'long', CLARION_PUSH_HOSTS: '**', ...private_ },
      ['CLARION_PUSH_HOSTS', 'CLARION_PUSH_TIMEOUT_MS', 'CLARION_VAPID_PUBLIC_KEY'],
    ],
  ])('do not start with %s, say which variable it is, and show no secret', async (_, environment, variables) => {
    const error = await load(environment).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    const { problems, message } = error instanceof ConfigError ? error : new ConfigError([]);
    expect(problems.map(({ env }) => env).toSorted()).toEqual(variables);
    expect(message).not.toContain('hush');
    expect(message).not.toContain(keys.privateKey);
  });
});
