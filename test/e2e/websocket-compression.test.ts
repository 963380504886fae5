import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publishBatch } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { JsonSocket } from '../support/web-socket.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({
    CLARION_ANONYMOUS_TOPICS: 'open/*',
    CLARION_WEBSOCKET_COMPRESSION: 'true',
    CLARION_SESSION_BUFFER_BYTES: '65536',
  });
});

afterAll(() => server.stop());

async function reader(topic: string, url: string, options = {}): Promise<JsonSocket> {
  const made = new JsonSocket(`${url}/v1/ws?topics=${topic}`, options);
  await made.heard('ready');
  return made;
}

/** Resolves with the cursors in their order, once so many have come. */
async function cursorsOf(client: JsonSocket, count: number): Promise<unknown[]> {
  const notifications = () => client.messages.filter(({ event }) => event === 'notification');
  await client.heard(() => notifications().length >= count);
  return notifications().map(({ data }) => Object(data)['cursor']);
}

it('spares bytes where clients ask for it, and every client gets the same in the same order', async () => {
  const [wide, plain] = [await TcpProxy.listen(server.port), await TcpProxy.listen(server.port)];
  const [compressed, uncompressed] = [
    await reader('open/1', wide.url),
    await reader('open/1', plain.url, { perMessageDeflate: false }),
  ];
  // Small and large take turns: what is not compressed must not overtake what is.
  const drafts = Array.from({ length: 200 }, (_, i) => ({
    topic: 'open/1',
    title: `${i}`,
    body: 'word '.repeat(i % 2 === 0 ? 1_000 : 1),
  }));
  const cursors = (await publishBatch(server, drafts)).map(({ cursor }) => cursor);
  expect(await cursorsOf(compressed, 200)).toEqual(cursors);
  expect(await cursorsOf(uncompressed, 200)).toEqual(cursors);
  expect(compressed.socket.extensions).toBe('permessage-deflate');
  expect(uncompressed.socket.extensions).toBe('');
  expect(wide.bytesDown).toBeLessThan(plain.bytesDown / 4);
  compressed.close();
  uncompressed.close();
  await Promise.all([wide.close(), plain.close()]);
});

it('a reader that pauses gets everything later, in order', async () => {
  const network = await TcpProxy.listen(server.port);
  const client = await reader('open/slow', network.url);
  network.pause();
  const cursors: string[] = [];
  for (let batch = 0; batch < 8; batch++) {
    // Nothing in it repeats, so that it stays as large as it is.
    const drafts = Array.from({ length: 80 }, () => ({
      topic: 'open/slow',
      title: 't',
      body: randomBytes(22_000).toString('base64'),
    }));
    cursors.push(...(await publishBatch(server, drafts.slice(0, 80))).map(({ cursor }) => cursor));
  }
  expect(client.messages.length).toBeLessThan(cursors.length);
  network.resume();
  expect(await cursorsOf(client, cursors.length)).toEqual(cursors);
  client.close();
  await network.close();
});

it('what a client compresses is read, and may not unfold to more than a message may hold', async () => {
  const client = await reader('open/2', server.url, { perMessageDeflate: { threshold: 0 } });
  expect(await client.ask(1, { op: 'ping', id: 1 })).toMatchObject({ ok: true });
  client.say(`{"op":"ping","id":2}${' '.repeat(10_000_000)}`);
  expect(await client.closed).toMatchObject({ code: 1009 });
});

it.each(['server_max_window_bits=9', 'server_max_window_bits="8"; client_max_window_bits'])(
  'an offer of %s is declined, and the client is not',
  async (parameters) => {
    const client = await reader('open/3', server.url, {
      perMessageDeflate: false,
      headers: { 'sec-websocket-extensions': `permessage-deflate; ${parameters}` },
    });
    expect(client.socket.extensions).toBe('');
    client.close();
  },
);
