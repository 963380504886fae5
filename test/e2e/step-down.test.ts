import { EventSource } from 'eventsource';
import { afterEach, expect, test } from 'vitest';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish, readMetric, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';

let server: TestServer;
const streams: { close(): void }[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await server.stop();
});

/** A server with room for three streams, and a token that reads `load`. */
async function crowded(): Promise<string> {
  server = await startServer({ CLARION_STEP_DOWN_CONNECTIONS: '3', CLARION_STEP_DOWN_RETRY_MS: '200' });
  return mintToken(server, { sub: 'u-1', subscribe: ['load'], ttl: 600 });
}

async function open(token: string, parameters = ''): Promise<EventStream> {
  const opened = await EventStream.open(`${server.url}/v1/events?topics=load${parameters}`, {
    Authorization: `Bearer ${token}`,
  });
  streams.push(opened);
  await opened.first('ready', 1);
  return opened;
}

interface Answer {
  readonly events: readonly { readonly data: { readonly title: string } }[];
  readonly cursor: string;
}

async function poll(token: string, since: string): Promise<Answer> {
  const { body } = await request(server, 'GET', `/v1/events?topics=load&since=${since}`, undefined, {
    Authorization: `Bearer ${token}`,
  });
  return body as Answer;
}

test('beyond the mark a new stream gets its cursor and is asked to poll, and loses nothing by it', async () => {
  const token = await crowded();
  const welcome = [await open(token), await open(token), await open(token)];
  const late = await open(token);
  const [bye] = await late.first('bye', 1);
  expect(bye!.data).toMatchObject({ reason: 'overloaded', reconnect: true, use: 'polling' });
  expect(bye!.raw).toMatch(/^retry: \d+$/m);
  await late.until('the end', () => late.ended);

  const cursor = (late.named('ready')[0]!.data as { cursor: string }).cursor;
  for (const title of ['one', 'two']) await publish(server, { topic: 'load', title });
  const answer = await poll(token, cursor);
  expect(answer.events.map(({ data }) => data.title)).toEqual(['one', 'two']);

  // The load goes, and the client may return: with the cursor of its last poll.
  for (const one of welcome) one.close();
  await publish(server, { topic: 'load', title: 'three' });
  await expect.poll(async () => (await readMetric(server, 'clarion_sessions'))['transport="sse"'] ?? 0).toBe(0);
  const back = await open(token, `&since=${answer.cursor}`);
  expect((await back.first('message', 1))[0]!.data).toMatchObject({ title: 'three' });
  expect(back.named('bye')).toEqual([]);
});

test('a client that only knows EventSource comes back in its own time and has everything once', async () => {
  const token = await crowded();
  const welcome = [await open(token), await open(token), await open(token)];
  const titles: string[] = [];
  let byes = 0;
  const source = new EventSource(`${server.url}/v1/events?topics=load&access_token=${token}`);
  streams.push(source);
  source.addEventListener('bye', () => byes++);
  source.addEventListener('message', ({ data }) => titles.push((JSON.parse(data) as { title: string }).title));
  const published: string[] = [];
  while (byes < 3) {
    published.push(`n${published.length}`);
    await publish(server, { topic: 'load', title: published.at(-1) });
    await new Promise((pause) => setTimeout(pause, 20));
  }
  for (const one of welcome) one.close();
  await expect.poll(() => titles.at(-1), { timeout: 10_000 }).toBe(published.at(-1));
  // Its first `ready` was its beginning; from there on nothing is missing, nothing comes twice.
  expect(titles).toEqual(published.slice(published.indexOf(titles[0]!)));
  expect(titles.length).toBeGreaterThan(1);
});

test('streams of low priority step down for others, over Socket.IO too', async () => {
  const token = await crowded();
  const low = new SocketListener(server.url, { token, topics: ['load'], priority: 'low' });
  streams.push(low);
  await low.first('ready');
  const high = [await open(token), await open(token)];
  await open(token); // crosses the mark, and is asked to poll itself
  const more = [open(token), open(token)];
  const [bye] = await low.first('bye', 1, 5_000);
  expect(bye!.args[0]).toMatchObject({ reason: 'overloaded', use: 'polling' });
  await Promise.all(more);
  for (const one of high) expect(one.ended).toBe(false);
});
