import { EventSource } from 'eventsource';
import { SseModule, sseConfigSchema } from '#clarion/gateway-http';
import { problemSchema } from '#clarion/protocol';
import type {
  ConnectOptions,
  Ear,
  GatewayClient,
  GatewayHarness,
  Refusal,
} from '../../../test/contract/gateway-harness.js';

/** `eventsource` as on a page, but for headers, which browsers set (Origin) or cannot set (Authorization). */
function connect({ url, token, topics, since, origin, comesBack }: ConnectOptions, ear: Ear): GatewayClient {
  const address = new URL('/v1/events', url);
  if (topics !== undefined) address.searchParams.set('topics', topics.join());
  if (since !== undefined) address.searchParams.set('since', since);
  let refusal: Refusal = {};
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...(origin && { origin }) };
  const source = new EventSource(address, {
    fetch: async (input, init) => {
      const response = await fetch(input, { ...init, headers: { ...init.headers, ...headers } });
      if (!response.ok) refusal = await refusalIn(response.clone());
      return response;
    },
  });
  const hear = (name: string) => (event: MessageEvent) => {
    const data: unknown = JSON.parse(event.data);
    // EventSource repeats the last id with events that have none.
    if (typeof data === 'object' && data !== null && 'cursor' in data) ear.hear(name, data, event.lastEventId);
    else ear.hear(name, data);
  };
  source.addEventListener('message', hear('notification'));
  for (const name of ['ready', 'cursor', 'gap', 'bye']) source.addEventListener(name, hear(name));
  source.addEventListener('error', () => {
    if (source.readyState === source.CLOSED) return ear.refused(refusal);
    if (!comesBack) source.close();
    ear.ended();
  });
  return { close: () => source.close() };
}

async function refusalIn(response: Response): Promise<Refusal> {
  const problem = problemSchema.safeParse(await response.json());
  return problem.success ? problem.data : { status: response.status };
}

export const harnesses: readonly GatewayHarness[] = [
  {
    name: 'Server-Sent Events',
    cannot: { commands: 'Server-Sent Events flow one way: whoever wants other topics connects anew' },
    gateway: ({ heartbeatMs }) => ({
      module: SseModule.forRoot(sseConfigSchema.parse({ heartbeatMs, sseRetryMs: 50 })),
    }),
    connect,
  },
];
