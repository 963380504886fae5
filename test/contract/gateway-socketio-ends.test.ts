import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { harnesses } from '../../libs/gateway-socketio/test/gateway.harness.js';
import { GatewayHost } from './gateway-host.js';
import { eventually } from './gateway-reader.js';

/** Of the stock client with its own reconnection, by the table "Ends" of the gateway's README. */
describe.for(['websocket', 'polling'] as const)('the stock client over %s', (transport) => {
  let host: GatewayHost;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    const [harness] = harnesses;
    host = await GatewayHost.start((heartbeatMs) => (harness === undefined ? [] : [harness.gateway({ heartbeatMs })]));
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    // A poll that is no longer asked would be waited for.
    await host.drain(200);
    await host.dispose();
  });

  function connect(auth: Record<string, unknown>, origin?: string): Socket {
    const socket = io(`http://127.0.0.1:${host.port}`, {
      forceNew: true,
      transports: [transport],
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
      auth,
      ...(origin !== undefined && { extraHeaders: { origin } }),
    });
    sockets.push(socket);
    return socket;
  }

  function heard(socket: Socket, event: string): Promise<unknown> {
    return new Promise((resolve) => socket.once(event, resolve));
  }

  test('comes back after a goodbye that says so', async () => {
    const socket = connect({ token: await host.token({ sub: 'u-1' }) });
    await heard(socket, 'ready');
    const bye = heard(socket, 'bye');
    const ended = heard(socket, 'disconnect');
    host.realtime.drain();
    expect(await bye).toMatchObject({ reason: 'server.draining', reconnect: true });
    expect(await ended).not.toBe('io server disconnect');
    expect(socket.active).toBe(true);
    const back = heard(socket, 'ready');
    await host.restart();
    await back;
    // Nothing was published meanwhile that would have to be recovered, and the server recovers nothing itself.
    expect(socket.recovered).toBe(false);
  });

  test('stays away when its token has expired', async () => {
    const socket = connect({ token: await host.token({ sub: 'u-1', expiresInMs: 500 }) });
    const bye = heard(socket, 'bye');
    expect(await heard(socket, 'disconnect')).toBe('io server disconnect');
    expect(await bye).toEqual({ reason: 'token.expired', reconnect: false });
    expect(socket.active).toBe(false);
  });

  test('stays away when it is refused, and is told why', async () => {
    const socket = connect({ token: await host.token({ sub: 'u-1' }), topics: ['users/u-2'] });
    expect(await heard(socket, 'connect_error')).toMatchObject({ data: { code: 'topic.forbidden', status: 403 } });
    expect(socket.active).toBe(false);
  });

  test('tries again when the server is going away', async () => {
    const token = await host.token({ sub: 'u-1' });
    host.realtime.drain();
    const socket = connect({ token });
    const back = heard(socket, 'ready');
    await heard(socket, 'disconnect');
    expect(socket.active).toBe(true);
    await host.restart();
    await back;
  });

  test('tries again, in vain, from a foreign origin', async () => {
    const socket = connect({ token: await host.token({ sub: 'u-1' }) }, 'https://evil.example');
    let errors = 0;
    socket.on('connect_error', () => errors++);
    await eventually('two refusals', () => errors >= 2, 10_000);
    expect(socket.active).toBe(true);
    expect(socket.connected).toBe(false);
    expect(host.sessions).toBe(0);
  });
});
