import { once } from 'node:events';
import { copyFile, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { connect as connectHttp2, constants } from 'node:http2';
import { get } from 'node:https';
import { connect as connectTcp, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeCertificate, type CertificateFiles } from '../support/certificate.js';
import { Http2Client } from '../support/http2-client.js';
import { API_KEY, runToExit, startServer, TOKEN_SECRET, type TestServer } from '../support/server.js';
import { JsonSocket } from '../support/web-socket.js';

const PROMISED_MS = 15_000;
/** Beside them: requests on the same connection. */
const STREAMS = 200;

let directory: string;
let files: CertificateFiles;
let server: TestServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clarion-tls-'));
  files = makeCertificate(directory);
  server = await startServer(settings(files));
});

afterAll(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

function settings({ cert, key }: CertificateFiles): Record<string, string> {
  return { CLARION_TLS_CERT: cert, CLARION_TLS_KEY: key, CLARION_ANONYMOUS_TOPICS: '**' };
}

describe('one port with TLS', () => {
  it('speaks HTTP/2 with those who offer it, and says that browsers shall not come without TLS', async () => {
    const client = await Http2Client.connect(server.url);
    const { status, headers } = await client.request('GET', '/health/live');
    client.close();
    expect(client.session.alpnProtocol).toBe('h2');
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'strict-transport-security': 'max-age=31536000' });
  });

  it('speaks HTTP/1.1 with everybody else: polls, streams, WebSocket, and Socket.IO in both manners', async () => {
    const [response] = await once(get(`${server.url}/v1/events?topics=old`, { rejectUnauthorized: false }), 'response');
    expect([response.httpVersion, response.statusCode]).toEqual(['1.1', 200]);
    expect(response.headers['strict-transport-security']).toBe('max-age=31536000');
    response.resume();

    const accept = { accept: 'text/event-stream' };
    const request = get(`${server.url}/v1/events?topics=old`, {
      rejectUnauthorized: false,
      agent: false,
      headers: accept,
    });
    const [stream] = await once(request, 'response');
    expect(stream.headers['content-type']).toBe('text/event-stream');
    stream.destroy();

    const socket = new JsonSocket(`${server.url}/v1/ws?topics=old`, { rejectUnauthorized: false });
    await socket.heard('ready');
    socket.close();

    for (const transport of ['polling', 'websocket']) {
      const options = { transports: [transport], forceNew: true, rejectUnauthorized: false, auth: { topics: ['old'] } };
      const client = io(server.url, options);
      await new Promise((ready, failed) => client.once('ready', ready).once('connect_error', failed));
      client.disconnect();
    }
  });

  it('takes no TLS before 1.2, and cuts those who speak without', async () => {
    const old = connectTls({
      port: server.port,
      host: '127.0.0.1',
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
      rejectUnauthorized: false,
    });
    const [error] = await once(old, 'error');
    expect(error).toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION|ECONNRESET/) });

    const plain = connectTcp(server.port, '127.0.0.1');
    plain.on('error', () => plain.destroy());
    plain.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    plain.resume();
    await once(plain, 'close');
  });
});

describe('event streams over HTTP/2', () => {
  it(`${STREAMS} of them on one connection hear everything in order, with requests beside them`, async () => {
    const client = await Http2Client.connect(server.url);
    const streams = await Promise.all(Array.from({ length: STREAMS }, () => client.listen('topics=many')));
    const titles = Array.from({ length: 20 }, (_, n) => `n${n}`);
    for (const title of titles) await client.publish(API_KEY, { topic: 'many', title });
    await Promise.all(streams.map((stream) => stream.until(({ titles: heard }) => heard.length >= titles.length)));
    for (const stream of streams) expect(stream.titles).toEqual(titles);
    client.close();
  });

  it('one that is not read holds nobody up, costs the server little, and misses nothing', async () => {
    const client = await Http2Client.connect(server.url, 65_535);
    const [slow, quick] = [await client.listen('topics=flow'), await client.listen('topics=flow')];
    slow.stream.pause();
    const publisher = await Http2Client.connect(server.url);
    const before = await metric(publisher, 'clarion_sessions_fallen_behind_total');
    const body = 'x'.repeat(10_000);
    const titles = Array.from({ length: 300 }, (_, n) => `n${n}`);
    await Promise.all(titles.map((title) => publisher.publish(API_KEY, { topic: 'flow', title, body })));
    await quick.until(({ titles: heard }) => heard.length >= titles.length);
    expect(slow.titles.length).toBeLessThan(titles.length);
    // What is not taken is not kept for it: the session goes back to the log when there is room again.
    expect(await metric(publisher, 'clarion_sessions_fallen_behind_total')).toBeGreaterThan(before);
    slow.stream.resume();
    await slow.until(({ titles: heard }) => heard.length >= titles.length);
    expect(slow.titles).toEqual(quick.titles);
    client.close();
    publisher.close();
  });

  it('one that is given up by its client is forgotten, and the connection goes on', async () => {
    const client = await Http2Client.connect(server.url);
    const stream = await client.listen('topics=gone');
    const open = (): Promise<number> => metric(client, 'clarion_sessions{transport="sse"}');
    const before = await open();
    stream.stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(open).toBe(before - 1);
    client.close();
  });
});

describe.concurrent('what HTTP/2 clients may not do', { timeout: 30_000 }, () => {
  it('a body that never comes is answered 408 within 15 s, and other requests go on', async () => {
    const client = await Http2Client.connect(server.url);
    const from = performance.now();
    const headers = {
      authorization: `Bearer ${API_KEY}`,
      'content-type': 'application/json',
      'content-length': '1000',
    };
    const stream = client.session.request({ ':method': 'POST', ':path': '/v1/notifications', ...headers });
    stream.on('error', () => undefined); // the rest of it is not wanted any more
    stream.write('{"topic":');
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(408);
    expect(await text(stream)).toContain('"code":"request.timeout"');
    expect(performance.now() - from).toBeLessThan(PROMISED_MS);
    expect((await client.request('GET', '/health/live')).status).toBe(200);
    client.close();
  });

  it('a connection that asks for nothing is ended within 15 s', async () => {
    const client = await Http2Client.connect(server.url);
    const from = performance.now();
    await once(client.session, 'close');
    expect(performance.now() - from).toBeLessThan(PROMISED_MS);
  });

  it('a connection that begins TLS and says no more is ended within 15 s', async () => {
    const socket = connectTcp(server.port, '127.0.0.1');
    socket.on('error', () => socket.destroy());
    const from = performance.now();
    await once(socket, 'close');
    expect(performance.now() - from).toBeLessThan(PROMISED_MS);
  });

  it('requests that are reset as fast as they are begun end their connection, and nobody else’s', async () => {
    const other = await Http2Client.connect(server.url);
    // Node's own client does not hear of the end while it has so much to say: somebody in between does.
    const upstream = connectTcp(server.port, '127.0.0.1');
    upstream.on('error', () => upstream.destroy());
    const ended = new Promise((resolve) => upstream.once('close', resolve));
    const between = createServer((client) => {
      client.on('error', () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
    between.listen(0, '127.0.0.1');
    await once(between, 'listening');
    const { port } = between.address() as AddressInfo;
    const attacker = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    attacker.on('error', () => undefined); // ended by the server: what is tested
    await once(attacker, 'connect');
    for (let n = 0; n < 20_000 && !upstream.destroyed && !attacker.destroyed; n++) {
      const stream = attacker.request({ ':path': '/v1/events?topics=a&wait=20' });
      stream.on('error', () => undefined); // of the reset
      stream.close(constants.NGHTTP2_CANCEL);
      if (n % 200 === 0) await new Promise(setImmediate);
    }
    await ended;
    attacker.destroy();
    between.close();
    expect((await other.request('GET', '/health/live')).status).toBe(200);
    other.close();
  });

  it('more requests at one time than are allowed are refused, and so are headers beyond 16 KiB', async () => {
    const client = await Http2Client.connect(server.url);
    await client.request('GET', '/health/live');
    expect(client.session.remoteSettings.maxConcurrentStreams).toBe(256);
    const large = client.request('GET', '/health/live', { 'x-large': 'x'.repeat(20_000) });
    await expect(large).rejects.toThrow(/ENHANCE_YOUR_CALM|closed|cancel/i);
    client.close();
  });
});

describe.concurrent('certificates', () => {
  it(
    'are renewed without a restart: by SIGHUP and by themselves, and a broken pair changes nothing',
    { timeout: 30_000 },
    async () => {
      const old = makeCertificate(directory, 'old');
      const renewed = makeCertificate(directory, 'renewed');
      const linked = makeCertificate(directory, 'linked');
      const current = { cert: join(directory, 'current.pem'), key: join(directory, 'current.key') };
      await copyFile(old.cert, current.cert);
      await copyFile(old.key, current.key);
      const own = await startServer(settings(current));
      try {
        const before = await Http2Client.connect(own.url);
        const stream = await before.listen('topics=a');
        expect(before.certificateName).toBe('old');

        await copyFile(renewed.cert, `${current.cert}.new`);
        await rename(`${current.cert}.new`, current.cert);
        process.kill(own.pid, 'SIGHUP');
        await logged(own, /"variable":"CLARION_TLS_KEY","reason":"does not belong to the certificate"/);
        expect(await certificateName(own)).toBe('old');

        await copyFile(renewed.key, current.key);
        process.kill(own.pid, 'SIGHUP');
        await logged(own, /certificate in use/, 2);
        expect(await certificateName(own)).toBe('renewed');

        await writeFile(current.cert, 'no certificate');
        process.kill(own.pid, 'SIGHUP');
        await logged(own, /"variable":"CLARION_TLS_CERT","reason":"is no certificate in PEM form"/);
        expect(await certificateName(own)).toBe('renewed');

        for (const file of ['cert', 'key'] as const) {
          await unlink(current[file]);
          await symlink(linked[file], current[file]);
        }
        await logged(own, /certificate in use/, 3);
        expect(await certificateName(own)).toBe('linked');

        await before.publish(API_KEY, { topic: 'a', title: 'still here' });
        await stream.until(({ titles }) => titles.includes('still here'));
        before.close();
      } finally {
        await own.stop();
      }
    },
  );

  it('that cannot be used stop the start, with the name of the variable', async () => {
    const other = makeCertificate(directory, 'other');
    const base = {
      CLARION_API_KEY: API_KEY,
      CLARION_TOKEN_SECRET: TOKEN_SECRET,
      CLARION_DATA_DIR: directory,
      PORT: '0',
    };
    const pairs: Record<string, string>[] = [
      { CLARION_TLS_CERT: files.cert },
      { CLARION_TLS_CERT: files.cert, CLARION_TLS_KEY: other.key },
    ];
    const outputs = await Promise.all(
      pairs.map(async (wrong) => {
        const { code, output } = await runToExit({ ...base, ...wrong });
        const complaints = output.split('\n').slice(1);
        return [code, complaints.map((line) => line.trim())];
      }),
    );
    expect(outputs).toEqual([
      [1, ['CLARION_TLS_KEY: is required with CLARION_TLS_CERT']],
      [1, ['CLARION_TLS_KEY: does not belong to the certificate']],
    ]);
  });
});

describe.concurrent('SIGTERM', () => {
  it('ends streams with a word, tells connections to go, answers what is in flight, and exits 0 in time', async () => {
    const own = await startServer(settings(files));
    try {
      const client = await Http2Client.connect(own.url);
      const streams = await Promise.all(Array.from({ length: 12 }, () => client.listen('topics=a')));
      const idle = await Http2Client.connect(own.url);
      await idle.request('GET', '/health/live');
      const ended = Promise.all([once(client.session, 'close'), once(idle.session, 'close')]);
      const from = performance.now();
      const exit = await own.kill('SIGTERM');
      await ended;
      expect(exit).toEqual({ code: 0, signal: null });
      expect(performance.now() - from).toBeLessThan(5_000);
      for (const { text: heard } of streams) expect(heard).toMatch(/event: bye\ndata: \{"reason":"server\.draining"/);
      expect([client.goaway, idle.goaway]).toEqual([constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_NO_ERROR]);
    } finally {
      await own.stop();
    }
  });

  it('tells connections to go at once, waits for what is in flight for a while, and cuts it then', async () => {
    const own = await startServer(settings(files));
    try {
      const [idle, half] = [await Http2Client.connect(own.url), await Http2Client.connect(own.url)];
      await idle.request('GET', '/health/live');
      const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
      const stream = half.session.request({ ':method': 'POST', ':path': '/v1/notifications', ...headers });
      stream.on('error', () => undefined); // it is cut
      stream.write('{"topic":');
      await half.request('GET', '/health/live');
      const from = performance.now();
      const exit = own.kill('SIGTERM');
      await once(idle.session, 'close');
      expect([idle.goaway, performance.now() - from < 3_000]).toEqual([constants.NGHTTP2_NO_ERROR, true]);
      expect(await exit).toEqual({ code: 0, signal: null });
      expect(performance.now() - from).toBeLessThan(9_000);
    } finally {
      await own.stop();
    }
  });
});

async function certificateName({ url }: TestServer): Promise<string> {
  const client = await Http2Client.connect(url);
  const name = client.certificateName;
  client.close();
  return name;
}

/** The value of one metric, with its labels; 0 when there is none. */
async function metric(client: Http2Client, name: string): Promise<number> {
  const { body } = await client.request('GET', '/metrics', { authorization: `Bearer ${API_KEY}` });
  const line = body.split('\n').find((one) => one.startsWith(`${name} `)) ?? ' 0';
  return Number(line.split(' ')[1]);
}

/** Waits until so many lines of the log are like this. */
async function logged({ logs }: TestServer, pattern: RegExp, times = 1): Promise<void> {
  const found = (): number => logs.filter((line) => pattern.test(line)).length;
  await vi.waitFor(
    () => {
      if (found() < times) throw new Error(`${found()} lines like ${pattern}`);
    },
    { timeout: 10_000 },
  );
}
