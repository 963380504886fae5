import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Published, Publisher } from '#clarion/notifications';
import { MAX_BATCH_BYTES, MAX_BATCH_ITEMS } from '#clarion/protocol';
import { harnesses } from '../../libs/gateway-websocket/test/gateway.harness.js';
import { JsonSocket } from '../support/web-socket.js';
import { GatewayHost } from './gateway-host.js';
import { meddledHarness } from './gateway-meddler.js';
import { eventually } from './gateway-reader.js';

const PATIENCE_MS = 20_000;
/** Sent in all: several times more than the buffers of both ends hold while the server does not read. */
const MANY = 20_000;
const HEARTBEAT_MS = 400;

/** Publishes that have begun; they go on when the test says so. */
let begun: (() => void)[];
let isOpen: boolean;
let host: GatewayHost;
let client: JsonSocket;

/** The real publisher, which does not answer until the gate is open. */
function gated(real: Publisher): Pick<Publisher, 'publish'> {
  return {
    publish: async (...request): Promise<Published> => {
      const published = real.publish(...request);
      if (!isOpen) await new Promise<void>((go) => begun.push(go));
      return published;
    },
  };
}

function openGate(): void {
  isOpen = true;
  for (const go of begun) go();
}

beforeEach(async () => {
  begun = [];
  isOpen = false;
  const [harness] = harnesses;
  if (harness === undefined) throw new Error('no harness');
  const slow = meddledHarness(harness, () => ({ publisher: gated }));
  host = await GatewayHost.start(() => [slow.gateway({ heartbeatMs: HEARTBEAT_MS })]);
  const token = await host.token({ sub: 'u-1', subscribe: ['orders/1'], publish: ['orders/1'] });
  const address = `http://127.0.0.1:${host.port}/v1/ws?topics=orders/1&access_token=${token}`;
  client = await new JsonSocket(address).opened();
  await client.heard('ready');
});

afterEach(async () => {
  openGate();
  client.close();
  await host.dispose();
});

function publish(id: number, body = ''): void {
  client.say({ op: 'publish', id, topic: 'orders/1', data: { id }, ...(body !== '' && { body }) });
}

const replies = () => client.messages.filter(({ event }) => event === 'reply');

describe('a WebSocket that publishes faster than the log takes it', () => {
  test('has so many under way, is not read from beyond, and misses nothing', async () => {
    for (let id = 0; id < MANY; id++) publish(id, 'x'.repeat(1_000));
    await eventually('as many begun as may be', () => begun.length >= MAX_BATCH_ITEMS, PATIENCE_MS);
    // Longer than a peer may be silent: whoever is not read from cannot answer pings.
    await pause(3 * HEARTBEAT_MS);
    expect(begun).toHaveLength(MAX_BATCH_ITEMS);
    expect(client.socket.bufferedAmount).toBeGreaterThan(1_000_000);
    openGate();
    await eventually('all answered and heard', () => client.messages.length > 2 * MANY, PATIENCE_MS);
    const ids = Array.from({ length: MANY }, (_, id) => id);
    expect(replies().every(({ ok }) => ok === true)).toBe(true);
    expect(
      replies()
        .map(({ id }) => Number(id))
        .toSorted((a, b) => a - b),
    ).toEqual(ids);
    const heard = client.messages.filter(({ event }) => event === 'notification');
    expect(heard.map(({ data }) => Object(Object(data)['data'])['id'])).toEqual(ids);
  });

  test('has no more bytes under way than one batch may bring', async () => {
    const body = 'x'.repeat(60_000);
    for (let id = 0; id < 200; id++) publish(id, body);
    const most = Math.ceil(MAX_BATCH_BYTES / body.length);
    await eventually('as much begun as may be', () => begun.length > most - 3, PATIENCE_MS);
    await pause(200);
    expect(begun.length).toBeLessThanOrEqual(most);
    openGate();
    await eventually('all answered', () => replies().length === 200, PATIENCE_MS);
  });

  test('has its other requests carried out meanwhile', async () => {
    for (let id = 0; id < 10; id++) publish(id);
    expect(await client.ask('s', { op: 'history', id: 's', topic: 'orders/1' })).toMatchObject({ ok: true });
    expect(await client.ask('p', { op: 'ping', id: 'p' })).toMatchObject({ ok: true });
    expect(replies()).toHaveLength(2);
  });
});

test('a WebSocket whose publishes are not answered when the server goes away gets the answers, then the bye', async () => {
  for (let id = 0; id < 10; id++) publish(id);
  await eventually('all begun', () => begun.length === 10, PATIENCE_MS);
  const drained = host.drain(10_000);
  await pause(100);
  publish(10); // comes too late
  await pause(100);
  expect(client.messages.filter(({ event }) => event === 'bye' || event === 'reply')).toEqual([]);
  openGate();
  await client.closed;
  await drained;
  const said = client.messages.filter(({ event }) => event !== 'notification' && event !== 'ready');
  expect(said.map(({ event }) => event)).toEqual([...Array(10).fill('reply'), 'bye']);
  expect(await client.closed).toEqual({ code: 1001, reason: 'server.draining' });
});
