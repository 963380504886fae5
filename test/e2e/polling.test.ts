import { afterAll, beforeAll, expect, test } from 'vitest';
import { mintToken, publish, publishBatch, request, type Answer } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await startServer({ CLARION_POLL_MAX_WAIT_S: '2' });
  token = await mintToken(server, { sub: 'u-1', subscribe: ['poll/**'] });
});
afterAll(() => server.stop());

interface PollBody {
  readonly events: readonly {
    readonly event: string;
    readonly data: { readonly title: string; readonly cursor: string };
  }[];
  readonly cursor: string;
}

function ask(query: string, headers: Record<string, string> = {}, by = token): Promise<Answer> {
  return request(server, 'GET', `/v1/events?${query}`, undefined, { Authorization: `Bearer ${by}`, ...headers });
}

async function poll(query: string, headers?: Record<string, string>, by?: string): Promise<PollBody> {
  const answer = await ask(query, headers, by);
  expect(answer.status).toBe(200);
  return answer.body as PollBody;
}

test('polls page through what was missed by `limit`, and the cursor of each answer goes on where it ended', async () => {
  const { cursor: start } = await poll('topics=poll/pages');
  const titles = Array.from({ length: 25 }, (_, i) => `n${i}`);
  await publishBatch(
    server,
    titles.map((title) => ({ topic: 'poll/pages', title })),
  );
  const seen: string[] = [];
  let cursor = start;
  for (let page = 0; page < 4; page++) {
    const answer = await poll(`topics=poll/pages&limit=10&since=${cursor}`);
    seen.push(...answer.events.map(({ data }) => data.title));
    cursor = answer.cursor;
  }
  expect(seen).toEqual(titles);
});

test.each([
  ['Prefer: wait', '', { Prefer: 'respond-async, wait=1' }],
  ['wait', '&wait=1', {}],
])('a long poll by %s answers at the first event, else when its time is over', async (_, query, headers) => {
  const { cursor } = await poll('topics=poll/long');
  const waiting = ask(`topics=poll/long&since=${cursor}${query}`, headers);
  const began = performance.now();
  await publish(server, { topic: 'poll/long', title: 'came' });
  const first = await waiting;
  expect((first.body as PollBody).events.map(({ data }) => data.title)).toEqual(['came']);
  expect(first.headers.get('preference-applied')).toBe('wait=1');
  expect(performance.now() - began).toBeLessThan(1_000);

  const from = performance.now();
  expect(await poll(`topics=poll/long&since=${(first.body as PollBody).cursor}${query}`, headers)).toMatchObject({
    events: [],
  });
  expect(performance.now() - from).toBeGreaterThan(950);
});

test('nobody waits longer than the server allows, nor beyond the end of the token', async () => {
  const from = performance.now();
  const answer = await ask('topics=poll/quiet&wait=600');
  expect(answer.headers.get('preference-applied')).toBe('wait=2');
  expect(performance.now() - from).toBeLessThan(4_000);

  const short = await mintToken(server, { sub: 'u-1', subscribe: ['poll/**'], ttl: 1 });
  const began = performance.now();
  await ask('topics=poll/quiet&wait=600', {}, short);
  expect(performance.now() - began).toBeLessThan(1_700);
});

test('what is ephemeral is in no poll', async () => {
  const { cursor } = await poll('topics=poll/tick');
  await request(server, 'POST', '/v1/notifications', { topic: 'poll/tick', title: 'tick', ephemeral: true });
  expect(await poll(`topics=poll/tick&since=${cursor}`)).toEqual({ events: [], cursor });
});

test('answers are for nobody to keep, and differ by what was asked', async () => {
  const { headers } = await ask('topics=poll/x');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('vary')).toBe('Accept, Prefer, Origin');
});

test.each([
  ['wait=x', 422, 'query.invalid'],
  ['wait=-1', 422, 'query.invalid'],
  ['limit=0', 422, 'query.invalid'],
  ['limit=1001', 422, 'query.invalid'],
  ['priority=high', 422, 'query.invalid'],
  ['since=no%20cursor', 400, 'cursor.invalid'],
])('refuses %s', async (query, status, code) => {
  expect(await ask(`topics=poll/x&${query}`)).toMatchObject({ status, body: { code } });
});

test('manners that are switched off, or that nobody knows, are 406', async () => {
  expect(await ask('topics=poll/x', { Accept: 'text/html' })).toMatchObject({
    status: 406,
    body: { code: 'transport.unavailable' },
  });
  const streams = await startServer({ CLARION_GATEWAYS: 'sse' });
  try {
    const answer = await request(streams, 'GET', '/v1/events?topics=poll/x', undefined, { Accept: 'application/json' });
    expect(answer).toMatchObject({ status: 406, body: { code: 'transport.unavailable' } });
  } finally {
    await streams.stop();
  }
});
