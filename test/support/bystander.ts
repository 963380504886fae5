import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { EventStream } from './event-stream.js';
import type { Door } from './rest.js';

const TOPIC = 'bystander';
const PAUSE_MS = 10;

/**
 * Somebody who does nothing wrong while others attack: publishes over one connection and hears it over another, which are both there
 * before this returns control. The topic `bystander` must be open to everybody.
 * @returns milliseconds from each publish to its event, when `over` has settled.
 */
export async function bystander(door: Door, over: Promise<unknown>): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const sent = new Map<string, number>();
  const stream = await EventStream.open(`${door.url}/v1/events?topics=${TOPIC}`, {}, ({ data }) => {
    const from = sent.get(String(Object(data).title));
    if (from !== undefined) times.push(performance.now() - from);
  });
  await stream.first('ready', 1);
  let isOver = false;
  const end = (): void => void (isOver = true);
  over.then(end, end);
  for (let i = 0; !isOver; i++) {
    sent.set(`${i}`, performance.now());
    await publish(door, agent, `${i}`);
    await pause(PAUSE_MS);
  }
  await stream.until('all', () => times.length === sent.size);
  stream.close();
  agent.destroy();
  return times;
}

/** The time that 99 of 100 do not exceed. */
export function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Infinity;
}

async function publish({ url, apiKey }: Door, agent: Agent, title: string): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const made = request(`${url}/v1/notifications`, { method: 'POST', agent, headers });
  made.end(JSON.stringify({ topic: TOPIC, title }));
  const [response] = await once(made, 'response');
  await text(response);
  if (response.statusCode !== 201) throw new Error(`a bystander was answered ${response.statusCode}`);
}
