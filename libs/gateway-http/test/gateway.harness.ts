import { EventSource } from 'eventsource';
import { PollingModule, pollingConfigSchema, SseModule, sseConfigSchema } from '#clarion/gateway-http';
import { EVENTS, pollAnswerSchema, problemSchema } from '#clarion/protocol';
import type {
  ConnectOptions,
  Ear,
  GatewayClient,
  GatewayHarness,
  Refusal,
} from '../../../test/contract/gateway-harness.js';

/** `eventsource` as on a page, but for headers, which browsers set (Origin) or cannot set (Authorization). */
function connectEventSource({ url, token, topics, since, origin, comesBack }: ConnectOptions, ear: Ear): GatewayClient {
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
  for (const name of Object.keys(EVENTS)) if (name !== 'notification') source.addEventListener(name, hear(name));
  source.addEventListener('error', () => {
    if (source.readyState === source.CLOSED) return ear.refused(refusal);
    if (!comesBack) source.close();
    ear.ended();
  });
  return { close: () => source.close() };
}

/** Pause between two polls that do not wait by themselves. */
const PAUSE_MS = 20;

/** Polls with `fetch`, one after another, each with the cursor of the one before. */
class PollingClient implements GatewayClient {
  readonly #options: ConnectOptions;
  readonly #ear: Ear;
  readonly #waitS: number;
  readonly #end = new AbortController();
  #since: string | undefined;
  #placed = false;

  constructor(options: ConnectOptions, ear: Ear, waitS: number) {
    this.#options = options;
    this.#ear = ear;
    this.#waitS = waitS;
    this.#since = options.since;
    void this.#run();
  }

  close(): void {
    this.#end.abort();
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      try {
        await this.#poll();
      } catch (error) {
        if (this.#end.signal.aborted) return;
        if (!(error instanceof TypeError)) throw error;
        this.#ear.ended(); // the connection broke
        if (!this.#options.comesBack) return;
      }
      if (this.#waitS === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #poll(): Promise<void> {
    const { token, origin } = this.#options;
    const response = await fetch(this.#address(), {
      headers: {
        // The first answer says where the client is, and does not wait for anything to happen.
        ...(this.#waitS > 0 && this.#placed && { prefer: `wait=${this.#waitS}` }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(origin && { origin }),
      },
      signal: this.#end.signal,
    });
    if (response.ok) return this.#hear(pollAnswerSchema.parse(await response.json()));
    const refusal = await refusalIn(response);
    this.close();
    this.#ear.refused(refusal);
  }

  #hear({ events, cursor, gap }: ReturnType<typeof pollAnswerSchema.parse>): void {
    if (gap !== undefined) this.#ear.hear('gap', gap);
    for (const { event, data } of events) this.#ear.hear(event, data);
    if (cursor !== this.#since || !this.#placed) this.#ear.hear('cursor', { cursor });
    this.#since = cursor;
    this.#placed = true;
  }

  #address(): URL {
    const { url, topics } = this.#options;
    const address = new URL('/v1/events', url);
    if (topics !== undefined) address.searchParams.set('topics', topics.join());
    if (this.#since !== undefined) address.searchParams.set('since', this.#since);
    return address;
  }
}

function pollingHarness(name: string, waitS: number): GatewayHarness {
  return {
    name,
    cannot: {
      connection: 'nothing of a poll outlives its answer',
      commands: 'a poll says all that it wants in its request',
      publish: 'publishing over HTTP is a request of its own',
      return: 'there is no stock client: whoever polls brings the cursor',
    },
    gateway: () => ({ module: PollingModule.forRoot(pollingConfigSchema.parse({})) }),
    connect: (options, ear) => new PollingClient(options, ear, waitS),
  };
}

async function refusalIn(response: Response): Promise<Refusal> {
  const problem = problemSchema.safeParse(await response.json());
  return problem.success ? problem.data : { status: response.status };
}

export const harnesses: readonly GatewayHarness[] = [
  {
    name: 'Server-Sent Events',
    cannot: {
      commands: 'Server-Sent Events flow one way: whoever wants other topics connects anew',
      publish: 'Server-Sent Events flow one way: whoever publishes sends a request',
    },
    gateway: ({ heartbeatMs }) => ({
      module: SseModule.forRoot(sseConfigSchema.parse({ heartbeatMs, sseRetryMs: 50 })),
    }),
    connect: connectEventSource,
  },
  pollingHarness('Polling', 0),
  pollingHarness('Long polling', 5),
];
