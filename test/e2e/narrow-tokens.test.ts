import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';
import { JsonSocket } from '../support/web-socket.js';

/** What nobody but its readers may see: it stands in every notification that the token does not reach. */
const SECRET = 'launch-code-0042';

/** The token reads `teams/7/*`. Everything else is somebody else's. */
const GRANT = 'teams/7/*';
const HIDDEN = ['teams/8/plan', 'teams/7', 'teams/7/plan/draft', 'teams', 'Teams/7/plan', 'users/boss', 'secret', '..'];

let server: TestServer;
let token: string;

beforeAll(async () => {
  server = await startServer({ CLARION_LIMIT_FAILED_LOGINS: '0' });
  token = await mintToken(server, { sub: 'u-1', subscribe: [GRANT] });
  for (const topic of HIDDEN) await publish(server, { topic, type: SECRET });
  await publish(server, { topic: 'teams/7/plan', type: 'for the team' });
});
afterAll(() => server.stop());

/** As bytes in an address: nothing is encoded on the way. */
const IN_ADDRESSES: Readonly<Record<string, string>> = {
  'a parent, by dots': 'teams/7/../8/plan',
  'a parent, by encoded dots': 'teams/7/%2e%2e/8/plan',
  'a parent, by an encoded slash': 'teams/7/..%2f8%2fplan',
  'a parent, encoded as a whole': 'teams%2f7%2f%2e%2e%2f8%2fplan',
  'a parent, encoded twice': 'teams/7/%252e%252e%252f8%252fplan',
  'a parent, by backslashes': 'teams/7/..%5c8%5cplan',
  'a parent, by a semicolon': 'teams/7/..;/8/plan',
  'the place itself, by a dot': 'teams/7/./plan/../../8/plan',
  'another team': 'teams/8/plan',
  'another team, encoded': '%74%65%61%6d%73/8/plan',
  'another team, after a NUL': 'teams/7/x%00/../../8/plan',
  'another team, before a NUL': 'teams/8/plan%00teams/7/x',
  'another team, after a line break': 'teams/7/x%0ateams/8/plan',
  'another team, after a comma': 'teams/7/plan,teams/8/plan',
  'another team, after an encoded comma': 'teams/7/plan%2cteams/8/plan',
  'another team, as a second parameter': 'teams/7/plan&topics=teams/8/plan&topic=teams/8/plan',
  'another team, as the item of a list': 'teams/7/plan&topics[]=teams/8/plan&topic[]=teams/8/plan',
  'another team, as the member of an object': 'teams/7/plan&topics[0]=teams/8/plan&topic[a]=teams/8/plan',
  'another team, with a wide slash': 'teams/7/plan%ef%bc%8f..%ef%bc%8f8',
  'another team, with a wide digit': 'teams/%ef%bc%98/plan',
  'another team, with a slash that is too long (UTF-8)': 'teams/7/..%c0%af8%c0%afplan',
  'another team, with dots that are too long (UTF-8)': 'teams/7/%c0%ae%c0%ae/8/plan',
  'all, by a star': '*',
  'all, by two': '**',
  'all, by an encoded star': '%2a',
  'all, by two encoded ones': '%2a%2a',
  'all, by stars encoded twice': '%252a%252a',
  'all, by a wide star': '%ef%bc%8a%ef%bc%8a',
  'all, in the words of MQTT': '%23',
  'all teams': 'teams/**',
  'all of every team': 'teams/*/*',
  'all of every team, encoded': 'teams/%2a/%2a',
  'the team and below': 'teams/7/**',
  'below the team': 'teams/7/plan/draft',
  'the team itself': 'teams/7',
  'the team itself, with a slash': 'teams/7/',
  'the team itself, with an empty segment': 'teams/7//',
  'in other letters': 'Teams/7/plan',
  'in capitals': 'TEAMS/7/PLAN',
  'by a letter that looks the same': 't%d0%b5ams/8/plan',
  'by a letter that is composed': 'teams/7/..%cc%81/8',
  'by a letter of no width': 'teams/8%e2%80%8b/plan',
  'from the other side': '%e2%80%ae8/plan/smaet',
  'somebody else': 'users/boss',
  'somebody else, from oneself': 'users/u-1/../boss',
  everybody: 'users/*',
  'everybody, encoded': 'users/%2a',
  'oneself, and somebody else': 'users/me/../boss',
  'a dot': '.',
  dots: '..',
  'an absolute place': '/secret',
  'a file': 'file:///secret',
  'broken bytes': '%ff%fe',
  'half an escape': 'teams/8/plan%2',
  'what is reserved': '$sys/load',
  'what is reserved, encoded': '%24sys/load',
  nothing: '',
};

/** Sent as it is: `fetch` would tidy it up. */
function get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(`${server.url}/`, {
      path,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.end();
  });
}

/** As a parser of addresses would give it to a program, and as it stands there. */
const IN_MESSAGES = Object.entries(IN_ADDRESSES).flatMap(([name, text]) => [
  [name, text] as const,
  [`${name}, decoded`, decodedOnce(text)] as const,
]);

function decodedOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return Buffer.from(
      text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
      'latin1',
    ).toString();
  }
}

const refusalSchema = z.object({ error: z.object({ code: z.string() }) });

function codeOf(reply: unknown): string | undefined {
  return refusalSchema.safeParse(reply).data?.error.code;
}

/** A refusal that says nothing of the topic. */
function isBusy(code: string | undefined): boolean {
  return code === 'rate.limited' || code === 'overloaded' || code === 'internal';
}

describe(`a token for ${GRANT} reaches nothing else`, () => {
  test('and that it reaches', async () => {
    for (const path of ['/v1/notifications?topic=teams/7/plan', '/v1/events?topics=teams/7/*&since=earliest']) {
      const { status, body } = await get(path);
      expect([status, body]).toEqual([200, expect.stringContaining('for the team')]);
      expect(body).not.toContain(SECRET);
    }
  });

  test.each(Object.entries(IN_ADDRESSES))('by history, a poll or a stream: %s', async (_, text) => {
    const paths = [
      `/v1/notifications?topic=${text}`,
      `/v1/events?topics=${text}&since=earliest`,
      `/v1/events?topic=${text}&since=earliest`,
      `/v1/notifications/${text}`,
      `/v1/events/${text}?since=earliest`,
    ];
    const answers = await Promise.all(paths.map((path) => get(path)));
    for (const { body } of answers) expect(body).not.toContain(SECRET);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  });

  test('by a stream', async () => {
    const refused = await Promise.all(
      Object.values(IN_ADDRESSES).map(async (text) => {
        const headers = { authorization: `Bearer ${token}` };
        const stream = await EventStream.open(`${server.url}/v1/events?topics=${text}&since=earliest`, headers);
        if (stream.status === 200) await stream.first('ready', 1);
        stream.close();
        return stream.text;
      }),
    );
    expect(refused.join('\n')).not.toContain(SECRET);
    expect(refused.join('\n')).toContain('topic.forbidden');
  });

  test('over a WebSocket', async () => {
    const socket = await new JsonSocket(`${server.url}/v1/ws`).opened();
    expect(await socket.ask('auth', { op: 'auth', id: 'auth', token })).toMatchObject({ ok: true });
    expect(
      await socket.ask('first', { op: 'subscribe', id: 'first', topics: [GRANT], since: 'earliest' }),
    ).toMatchObject({
      ok: true,
    });
    for (const [i, [, text]] of IN_MESSAGES.entries()) {
      const replies = [
        await socket.ask(`s${i}`, { op: 'subscribe', id: `s${i}`, topics: [text] }),
        await socket.ask(`h${i}`, { op: 'history', id: `h${i}`, topic: text }),
      ];
      expect(replies.map(codeOf).filter(isBusy)).toEqual([]);
    }
    for (const topic of HIDDEN) await publish(server, { topic, type: SECRET });
    await publish(server, { topic: 'teams/7/plan', type: 'the last' });
    await socket.heard((message) => JSON.stringify(message).includes('the last'));
    socket.close();
    expect(JSON.stringify(socket.messages)).not.toContain(SECRET);
  });

  test('over Socket.IO', async () => {
    const listener = new SocketListener(server.url, { token, topics: [GRANT], since: 'earliest' });
    await listener.first('ready');
    const replies: unknown[] = [];
    for (const [, text] of IN_MESSAGES) {
      replies.push(await listener.ask('subscribe', { topics: [text] }));
      replies.push(await listener.ask('history', { topic: text }));
    }
    expect(replies.map(codeOf).filter(isBusy)).toEqual([]);
    for (const topic of HIDDEN) await publish(server, { topic, type: SECRET });
    const { id } = await publish(server, { topic: 'teams/7/plan', type: 'the last' });
    await listener.first('notification', listener.named('notification').length + 1);
    listener.close();
    const all = JSON.stringify([replies, listener.events]);
    expect(all).toContain(id);
    expect(all).not.toContain(SECRET);
  });
});
