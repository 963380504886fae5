import { z } from 'zod';
import type { TestServer } from './server.js';

/** Where requests go, and with which key. */
export type Door = Pick<TestServer, 'url' | 'apiKey'>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const minted = z.object({ token: z.string() });
const published = z.object({ id: z.string(), cursor: z.string() });
const batchPublished = z.object({
  results: z.array(z.object({ status: z.literal(201), id: z.string(), cursor: z.string() })),
});

/** One request with the API key unless `headers` say otherwise; the body is parsed when it is JSON. */
export async function request(
  door: Door,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(door.url + path, {
    method,
    headers: {
      Authorization: `Bearer ${door.apiKey}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Publishes what must be accepted as durable. */
export async function publish(door: Door, draft: object): Promise<z.infer<typeof published>> {
  return published.parse((await expectStatus(201, request(door, 'POST', '/v1/notifications', draft))).body);
}

/** Publishes many, all of which must be accepted as durable. */
export async function publishBatch(door: Door, notifications: readonly object[]): Promise<z.infer<typeof published>[]> {
  const { body } = await expectStatus(200, request(door, 'POST', '/v1/notifications/batch', { notifications }));
  return batchPublished.parse(body).results;
}

export async function mintToken(
  door: Door,
  claims: {
    sub: string;
    subscribe?: readonly unknown[];
    publish?: readonly string[];
    presence?: readonly string[];
    ttl?: number;
  },
): Promise<string> {
  return minted.parse((await expectStatus(201, request(door, 'POST', '/v1/tokens', claims))).body).token;
}

/** The value of each label combination of one metric, such as `{ 'source="ring"': 12 }`; `''` without labels. */
export async function readMetric(door: Door, name: string): Promise<Record<string, number>> {
  const { body } = await expectStatus(200, request(door, 'GET', '/metrics'));
  const line = new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm');
  return Object.fromEntries([...String(body).matchAll(line)].map(([, labels = '', value]) => [labels, Number(value)]));
}

async function expectStatus(status: number, answer: Promise<Answer>): Promise<Answer> {
  const got = await answer;
  if (got.status !== status) throw new Error(`expected ${status}, got ${got.status}: ${JSON.stringify(got.body)}`);
  return got;
}
