import { request as httpRequest } from 'node:http';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { notificationSchema } from '#clarion/protocol';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish, readMetric } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';

const FOREIGN = 'https://evil.example';
const OWN = 'https://app.example';

let server: TestServer;
let token: string;
/** Somebody who was connected before and does no wrong: it must not notice anything. */
let witness: EventStream;
const open: { close(): void }[] = [];

beforeAll(async () => {
  server = await startServer({ CLARION_ALLOWED_ORIGINS: OWN });
  token = await mintToken(server, { sub: 'u-1', subscribe: ['a', 'lines/*'] });
  witness = await EventStream.open(
    `${server.url}/v1/events?topics=witness`,
    bearer(await mintToken(server, { sub: 'w', subscribe: ['witness'] })),
  );
  await witness.first('ready', 1);
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  const { id } = await publish(server, { topic: 'witness', type: 'still there' });
  await witness.until('the next notification', () => JSON.stringify(witness.events.at(-1)?.data ?? '').includes(id));
  expect(witness.ended).toBe(false);
});
afterAll(async () => {
  witness.close();
  await server.stop();
});

function bearer(value: string): Record<string, string> {
  return { Authorization: `Bearer ${value}` };
}

async function stream(query: string, headers: Record<string, string> = bearer(token)): Promise<EventStream> {
  const made = await EventStream.open(`${server.url}/v1/events${query}`, headers);
  open.push(made);
  return made;
}

function socket(
  auth: Record<string, unknown>,
  options?: ConstructorParameters<typeof SocketListener>[2],
): SocketListener {
  const made = new SocketListener(server.url, { token, ...auth }, options);
  open.push(made);
  return made;
}

/** What the refusal says on each transport. */
async function refusals(
  query: string,
  headers: Record<string, string>,
  auth: Record<string, unknown>,
): Promise<unknown[]> {
  const refused = await stream(query, headers);
  expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
  const [error] = await socket(auth).first('connect_error');
  return [await refused.json(), error?.args[0]];
}

describe('an origin that is not allowed', () => {
  it('gets no stream', async () => {
    const refused = await stream('?topics=a', { ...bearer(token), Origin: FOREIGN });
    expect([refused.status, await refused.json()]).toEqual([
      403,
      expect.objectContaining({ code: 'origin.forbidden' }),
    ]);
    expect(refused.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.for(['websocket', 'polling'] as const)('gets no Socket.IO connection: %s', async (transport) => {
    const listener = socket({ topics: ['a'] }, { transports: [transport], extraHeaders: { Origin: FOREIGN } });
    await listener.first('connect_error');
    expect(listener.named('connect')).toEqual([]);
  });

  it('is another than the allowed one, which gets both', async () => {
    const events = await stream('?topics=a', { ...bearer(token), Origin: OWN });
    await events.first('ready', 1);
    expect(events.headers['access-control-allow-origin']).toBe(OWN);
    await socket({ topics: ['a'] }, { extraHeaders: { Origin: OWN } }).first('ready');
  });
});

describe('a token', () => {
  const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
  const secret = (text: string) => new TextEncoder().encode(text);
  const claims = { sub: 'u-1', clarion: { subscribe: ['a'] } };
  const signed = (options: { alg?: string; key?: string; exp?: number | null; sub?: string } = {}) => {
    const { alg = 'HS256', key = server.tokenSecret, exp = inAnHour, sub = 'u-1' } = options;
    const jwt = new SignJWT({ ...claims, sub }).setProtectedHeader({ alg });
    return (exp === null ? jwt : jwt.setExpirationTime(exp)).sign(secret(key));
  };

  it('that is right is accepted, so that what follows is refused for its own fault', async () => {
    const events = await stream('?topics=a', bearer(await signed()));
    expect(await events.first('ready', 1)).toHaveLength(1);
  });

  it.for<[string, () => Promise<string> | string, string]>([
    ['expired', () => signed({ exp: 1_000_000_000 }), 'token.expired'],
    ['expired, but not well signed', () => signed({ exp: 1_000_000_000, key: 'x'.repeat(40) }), 'token.invalid'],
    ['signed with another secret', () => signed({ key: 'x'.repeat(40) }), 'token.invalid'],
    [
      'signed by another algorithm',
      () => signed({ alg: 'HS512', key: server.tokenSecret.padEnd(64, '0') }),
      'token.invalid',
    ],
    [
      'signed by another algorithm with the right secret',
      () => signed({ alg: 'HS384', key: server.tokenSecret }),
      'token.invalid',
    ],
    ['unsigned', () => new UnsecuredJWT(claims).setExpirationTime(inAnHour).encode(), 'token.invalid'],
    ['that never expires', () => signed({ exp: null }), 'token.invalid'],
    ['that is no token', () => 'e30.e30.e30', 'token.invalid'],
    ['of 8 KiB of letters', () => `${'a'.repeat(100)}.${'b'.repeat(7_000)}.${'c'.repeat(800)}`, 'token.invalid'],
  ])('%s is refused on every transport', async ([, make, code]) => {
    const bad = await make();
    for (const problem of await refusals('?topics=a', bearer(bad), { token: bad, topics: ['a'] }))
      expect(problem).toMatchObject({ status: 401, code });
    const inQuery = await stream(`?topics=a&access_token=${bad}`, {});
    expect(await inQuery.json()).toMatchObject({ code });
  });

  it('of somebody whose id cannot be a topic is refused', async () => {
    const bad = await signed({ sub: 'a/b' });
    for (const problem of await refusals('?topics=a', bearer(bad), { token: bad, topics: ['a'] }))
      expect(problem).toMatchObject({ status: expect.any(Number), code: expect.stringMatching(/^token\./) });
  });

  it('that is missing is asked for', async () => {
    for (const problem of await refusals('?topics=a', {}, { token: undefined, topics: ['a'] }))
      expect(problem).toMatchObject({ status: 401, code: 'credentials.missing' });
  });
});

describe('what a client asks for', () => {
  it.for([
    ['a topic with a line end', 'a\r\nid: 1'],
    ['a topic with NUL', 'a\u0000'],
    ['an empty segment', 'a//b'],
    ['a pattern in the middle', '**/a'],
    ['too many topics', Array.from({ length: 101 }, (_, index) => `t${index}`).join()],
    ['a topic of 256 bytes', 'a'.repeat(256)],
  ] as const)('is refused with a place: %s', async ([, topics]) => {
    for (const problem of await refusals(`?topics=${encodeURIComponent(topics)}`, bearer(token), {
      topics: topics.split(','),
    }))
      expect(problem).toMatchObject({
        status: 422,
        code: 'query.invalid',
        errors: [expect.objectContaining({ pointer: expect.stringMatching(/^\/topics/) })],
      });
  });

  it.for([
    { topics: 7 },
    { topics: [['a']] },
    { topics: { a: 1 } },
    { topics: ['a'], since: 7 },
    { topics: ['a'], offset: {} },
    { token: { toString: 'x' }, topics: ['a'] },
    { token: '', topics: ['a'] },
  ])('is refused when a Socket.IO handshake is not of the agreed form: %j', async (auth) => {
    const [error] = await socket(auth).first('connect_error');
    expect(error?.args[0]).toMatchObject({
      status: expect.toSatisfy((status: number) => status >= 400 && status < 500),
      code: expect.any(String),
    });
  });

  it.for<[unknown, string]>([
    [undefined, 'body.invalid'],
    [null, 'body.invalid'],
    [[], 'body.invalid'],
    ['a', 'body.invalid'],
    [{}, 'body.invalid'],
    [{ topics: [] }, 'body.invalid'],
    [{ topics: 'a' }, 'body.invalid'],
    [{ topics: ['a'], since: 'earliest' }, 'body.invalid'],
    [{ topics: ['a'], unknown: 1 }, 'body.invalid'],
    [{ topics: ['a b'] }, 'body.invalid'],
    [{ topics: [Buffer.from('a')] }, 'body.invalid'],
    [JSON.parse('{"topics":["a"],"__proto__":{"x":1}}'), 'body.invalid'],
    [{ topics: Array.from({ length: 101 }, (_, index) => `t${index}`) }, 'body.invalid'],
    [{ topics: ['users/u-2'] }, 'topic.forbidden'],
  ])('is answered with a problem when a command is wrong: %j', async ([body, code]) => {
    const listener = socket({ topics: ['a'] });
    await listener.first('ready');
    expect(await listener.ask('subscribe', body)).toMatchObject({ error: { code } });
    const { id } = await publish(server, { topic: 'a', type: 'after' });
    expect((await listener.first('notification'))[0]?.args[0]).toMatchObject({ id });
  });

  it('may be a command without arguments, where it needs none', async () => {
    const listener = socket({ topics: ['a'] });
    await listener.first('ready');
    expect(await listener.socket.timeout(5_000).emitWithAck('summary')).toMatchObject({ unread: { count: 0 } });
    expect(await listener.socket.timeout(5_000).emitWithAck('subscribe')).toMatchObject({
      error: { code: 'body.invalid' },
    });
  });

  it('may be a command that does not exist, or one without an acknowledgement, and nothing happens', async () => {
    const listener = socket({ topics: ['a'] });
    await listener.first('ready');
    for (const name of ['unknown', 'notification', 'ready', 'subscribe', 'constructor', '__proto__'])
      listener.socket.emit(name, { topics: 7 });
    listener.socket.emit('subscribe');
    const { id } = await publish(server, { topic: 'a', type: 'after' });
    expect((await listener.first('notification'))[0]?.args[0]).toMatchObject({ id });
  });

  it('is bounded while earlier commands are not answered', async () => {
    const listener = socket({ topics: ['a'] });
    await listener.first('ready');
    // While it does not read, what is asked waits in the socket: it comes to it all at once.
    process.kill(server.pid, 'SIGSTOP');
    const asked = Array.from({ length: 1_000 }, () => listener.ask('history', { topic: 'a' }));
    await expect.poll(() => listener.socket.io.engine.writeBuffer).toEqual([]);
    process.kill(server.pid, 'SIGCONT');
    const refused = (await Promise.all(asked)).filter((answer) => JSON.stringify(answer).includes('"rate.limited"'));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(1_000 - 256);
    expect(await listener.ask('subscribe', { topics: ['lines/1'] })).toMatchObject({ topics: ['a', 'lines/1'] });
  });

  it('ends the connection when a message is larger than allowed, and only that one', async () => {
    for (const transport of ['websocket', 'polling'] as const) {
      const listener = socket({ topics: ['a'] }, { transports: [transport] });
      const other = socket({ topics: ['a'] });
      await listener.first('ready');
      await other.first('ready');
      listener.socket.emit('subscribe', { topics: ['x'.repeat(70_000)] });
      await listener.first('disconnect');
      const { id } = await publish(server, { topic: 'a', type: 'after' });
      expect((await other.first('notification'))[0]?.args[0]).toMatchObject({ id });
    }
  });

  it('may be no Socket.IO at all', async () => {
    const get = (path: string) => fetch(`${server.url}/socket.io/?EIO=4&transport=polling${path}`);
    const opened = await (await get('')).text();
    const sid = String(Object(JSON.parse(opened.slice(1))).sid);
    const post = (body: string) =>
      fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body });
    expect((await post('garbage')).status).toBeLessThan(500);
    expect((await post('4{"not":"a packet"')).status).toBeLessThan(500);
    expect((await get('&sid=unknown')).status).toBe(400);
    expect((await fetch(`${server.url}/socket.io/?EIO=9&transport=carrier-pigeon`)).status).toBe(400);
  });
});

describe('text that would begin a line of its own in a stream', () => {
  const NASTY = 'x\r\nevent: bye\r\nid: stolen\ndata: {"evil":true}\n\n:\u0000\u2028\u2029\u0085\ufeff';

  it('stays within its field', async () => {
    const events = await stream('?topics=lines/*');
    const listener = socket({ topics: ['lines/*'] });
    await events.first('ready', 1);
    await listener.first('ready');
    const draft = {
      topic: 'lines/1',
      type: NASTY,
      title: NASTY,
      body: NASTY,
      data: { [NASTY]: [NASTY], nested: { [NASTY]: NASTY } },
    };
    const { id, cursor } = await publish(server, draft);
    const [heard] = await events.first('message', 1);
    expect(notificationSchema.parse(heard?.data)).toEqual({ id, cursor, ...draft, publishedAt: expect.any(String) });
    expect((await listener.first('notification'))[0]?.args).toEqual([
      { id, cursor, ...draft, publishedAt: expect.any(String) },
      cursor,
    ]);
    // The lines of a stream end at CR, LF or CRLF (WHATWG HTML §9.2.5), and a strict reader counts them all.
    const lines = events.text.split(/\r\n|\r|\n/).filter((line) => line !== '');
    for (const line of lines)
      expect(line).toMatch(/^(?:retry: \d+|:|id: [A-Za-z0-9_-]+|event: (?:ready|cursor)|data: \{[^]*\})$/);
    expect(lines.filter((line) => line.startsWith('data: {"id"'))).toHaveLength(1);
    expect(events.text).not.toContain('\u0000');
  });

  it('is no cursor', async () => {
    const refused = await stream('?topics=a', { ...bearer(token), 'Last-Event-ID': 'x y' });
    expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ code: 'cursor.invalid' })]);
    expect(JSON.stringify(await (await stream(`?topics=a&since=${encodeURIComponent(NASTY)}`)).json())).toContain(
      'cursor.invalid',
    );
  });
});

describe('what is not a stream', () => {
  it('has no other method', async () => {
    const response = await fetch(`${server.url}/v1/events?topics=a`, {
      method: 'POST',
      headers: { ...bearer(token), Accept: 'text/event-stream' },
    });
    expect(response.status).toBeGreaterThanOrEqual(404);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('may leave before it was answered', async () => {
    for (let i = 0; i < 50; i++) {
      const leaving = httpRequest(`${server.url}/v1/events?topics=a`, {
        agent: false,
        headers: { ...bearer(token), Accept: 'text/event-stream' },
      });
      leaving.on('error', () => leaving.destroy());
      leaving.end();
      await new Promise((resolve) => setTimeout(resolve, i % 5));
      leaving.destroy();
    }
    const sessions = async () => (await readMetric(server, 'clarion_sessions'))['transport="sse"'];
    await expect.poll(sessions, { timeout: 5_000 }).toBe(1);
  });
});
