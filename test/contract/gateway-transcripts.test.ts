import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { harnesses as overHttp } from '../../libs/gateway-http/test/gateway.harness.js';
import { harnesses as overSocketIo } from '../../libs/gateway-socketio/test/gateway.harness.js';
import { GatewayHost } from './gateway-host.js';

/** Socket.IO's separator of packets in one poll. */
const SEPARATOR = '\x1e';
const HEARTBEAT_MS = 300;

let host: GatewayHost;
let token: string;

beforeEach(async () => {
  const harnesses = [overHttp[0], overSocketIo[0]].flatMap((harness) => harness ?? []);
  host = await GatewayHost.start((heartbeatMs) => harnesses.map((harness) => harness.gateway({ heartbeatMs })), {
    heartbeatMs: HEARTBEAT_MS,
  });
  token = await host.token({ sub: 'u-42', subscribe: ['orders/*'] });
});

afterEach(() => host.dispose());

test('Server-Sent Events look as their README shows them', async () => {
  await host.publish({ topic: 'orders/42', type: 'order.packed', title: 'Packed' });
  const stream = await openStream('/v1/events?topics=users/me,orders/42&since=of-another-log');
  await stream.shows('Packed');
  await host.publish({ topic: 'orders/42', data: { position: [52.5, 13.4] }, ephemeral: true });
  await stream.shows('position');
  await host.publish({ topic: 'orders/43', title: 'Foreign' });
  await stream.shows('event: cursor');
  await stream.shows('\n:\n');
  await host.close();
  await stream.ended;
  const shown = await transcript('libs/gateway-http/README.md', 'sse');
  // How often a heartbeat comes is a matter of time.
  expect(masked(stream.text().replaceAll(':\n\n', ''))).toBe(masked(shown.replaceAll(':\n\n', '')));
  expect(shown).toContain('\n\n:\n\n');
});

test('Socket.IO looks as its README shows it', async () => {
  const lines: string[] = [];
  const { sid } = z.object({ sid: z.string() }).parse(JSON.parse((await poll('')).slice(1)));
  const say = async (packet: string): Promise<void> => {
    lines.push(`→ ${packet.replace(token, '…')}`);
    const body = { method: 'POST', body: packet, headers: { 'content-type': 'text/plain' } };
    expect(await (await fetch(addressOf(`&sid=${sid}`), body)).text()).toBe('ok');
  };
  const hear = async (count: number): Promise<void> => {
    for (let heard = 0; heard < count;) {
      const packets = (await poll(`&sid=${sid}`)).split(SEPARATOR).filter((packet) => packet !== '2');
      lines.push(...packets.map((packet) => `← ${packet}`));
      heard += packets.length;
      // Engine.IO's own heartbeat.
      await fetch(addressOf(`&sid=${sid}`), { method: 'POST', body: '3' });
    }
  };
  await say(`40{"token":"${token}","topics":["users/me"]}`);
  await hear(2);
  await say('420["subscribe",{"topics":["orders/42"]}]');
  await hear(1);
  await say('421["subscribe",{"topics":["users/u-7"]}]');
  await hear(1);
  await host.publish({ topic: 'orders/42', type: 'order.shipped', title: 'Shipped' });
  await hear(1);
  await host.publish({ topic: 'orders/42', data: { position: [52.5, 13.4] }, ephemeral: true });
  await hear(1);
  await host.publish({ topic: 'orders/43', title: 'Foreign' });
  await hear(1);
  host.realtime.drain();
  await hear(1);
  expect(masked(lines.join('\n'))).toBe(masked(await transcript('libs/gateway-socketio/README.md', 'socketio')));
});

interface Stream {
  /** Resolves once it contains this. */
  shows(text: string): Promise<void>;
  text(): string;
  readonly ended: Promise<unknown>;
}

async function openStream(path: string): Promise<Stream> {
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
  const request = get(`http://127.0.0.1:${host.port}${path}`, { headers, agent: false });
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return {
    shows: async (wanted) => {
      while (!text.includes(wanted)) await once(response, 'data');
    },
    text: () => text,
    ended: once(response, 'end'),
  };
}

async function poll(query: string): Promise<string> {
  return (await fetch(addressOf(query))).text();
}

function addressOf(query: string): string {
  return `http://127.0.0.1:${host.port}/socket.io/?EIO=4&transport=polling${query}`;
}

/** The code block that follows a mark in a README. */
async function transcript(file: string, mark: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  const found = new RegExp(`<!-- test: ${mark} -->\\n+\`\`\`[a-z]*\\n(?<block>.*?)\`\`\``, 's').exec(text);
  if (found?.groups?.['block'] === undefined) throw new Error(`${file} has no block marked ${mark}`);
  return found.groups['block'];
}

/** Without what differs from run to run. */
function masked(text: string): string {
  return text
    .trim()
    .replaceAll(/\b1[A-Za-z0-9_-]{22}/g, 'CURSOR')
    .replaceAll(/"id":"[^"]+"/g, '"id":"ID"')
    .replaceAll(/"(?<name>sid|pid|requestId)":"[^"]+"/g, '"$<name>":"ID"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/(?<name>retry: |"retryAfterMs":)\d+/g, '$<name>MS');
}
