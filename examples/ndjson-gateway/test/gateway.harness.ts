import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { problemSchema } from '#clarion/protocol';
import type { ConnectOptions, Ear, GatewayClient, GatewayHarness } from '../../../test/contract/gateway-harness.js';
import { NdjsonGatewayModule } from '../src/ndjson.gateway.js';

const lineSchema = z.strictObject({ event: z.string(), data: z.unknown() });

/** Any HTTP client that reads lines is a client of this gateway; this one is Node's own. */
function connect({ url, token, topics, since, origin }: ConnectOptions, ear: Ear): GatewayClient {
  const address = new URL('/ndjson', url);
  if (topics !== undefined) address.searchParams.set('topics', topics.join());
  if (since !== undefined) address.searchParams.set('since', since);
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...(origin && { origin }) };
  let closed = false;
  const request = get(address, { agent: false, headers });
  const ended = (): void => {
    if (!closed) ear.ended();
  };
  request.on('error', ended);
  request.on('response', (response) => {
    if (response.statusCode === 200) listen(response, ear, ended);
    else void refuse(response, ear);
  });
  return {
    close: () => {
      closed = true;
      request.destroy();
    },
  };
}

function listen(response: IncomingMessage, ear: Ear, ended: () => void): void {
  // A reset is an end like any other: 'close' follows.
  response.on('error', () => response.destroy());
  response.on('close', ended);
  response.setEncoding('utf8');
  let rest = '';
  response.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line, ear);
  });
}

/** Empty lines keep the connection alive. */
function take(line: string, ear: Ear): void {
  if (line === '') return;
  const { event, data } = lineSchema.parse(JSON.parse(line));
  ear.hear(event, data);
}

async function refuse(response: IncomingMessage, ear: Ear): Promise<void> {
  const problem = problemSchema.safeParse(await json(response));
  ear.refused(problem.success ? problem.data : { status: response.statusCode ?? 0 });
}

export const harnesses: readonly GatewayHarness[] = [
  {
    name: 'newline-delimited JSON, the example',
    cannot: {
      commands: 'a response flows one way: whoever wants other topics connects anew',
      publish: 'a response flows one way: whoever publishes sends a request',
      return: 'HTTP clients do not come back by themselves',
    },
    gateway: (settings) => ({ module: NdjsonGatewayModule.forRoot(settings) }),
    connect,
  },
];
