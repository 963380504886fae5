import { io } from 'socket.io-client';
import { z } from 'zod';
import { ClarionIoAdapter, GatewaySocketIoModule, gatewaySocketIoConfigSchema } from '#clarion/gateway-socketio';
import { problemSchema } from '#clarion/protocol';
import type {
  ConnectOptions,
  Ear,
  GatewayClient,
  GatewayHarness,
  Refusal,
  Reply,
} from '../../../test/contract/gateway-harness.js';

type Transport = 'websocket' | 'polling';

/** The stock client by its public options. Nothing is said of cursors but `since`: what it saw later it brings back by itself. */
function connect(
  { url, token, topics, since, origin, comesBack }: ConnectOptions,
  ear: Ear,
  transport: Transport,
): GatewayClient {
  const socket = io(url, {
    forceNew: true,
    transports: [transport],
    reconnection: comesBack,
    reconnectionDelay: 50,
    reconnectionDelayMax: 100,
    auth: { ...(token !== undefined && { token }), ...(topics && { topics }), ...(since !== undefined && { since }) },
    ...(origin !== undefined && { extraHeaders: { origin } }),
  });
  socket.onAny((name: string, data: unknown, ...more: unknown[]) => {
    const last = more.at(-1);
    ear.hear(name, data, typeof last === 'string' ? last : placeOf(data));
  });
  socket.on('connect_error', (error) => {
    if (!socket.active || !comesBack) ear.refused(refusalIn(error));
  });
  socket.on('disconnect', (reason) => {
    if (reason !== 'io client disconnect') ear.ended();
  });
  const send = async (command: string, body: unknown): Promise<Reply> =>
    toReply(await socket.timeout(5_000).emitWithAck(command, body));
  return { send, close: () => socket.disconnect() };
}

/** An event that fixes a place must end with it as a string, by which the stock client resumes. */
function placeOf(data: unknown): string | undefined {
  return typeof data === 'object' && data !== null && 'cursor' in data ? 'no string at the end' : undefined;
}

/** An error of the middleware has the problem in `data`; one of the transport, a status or a sentence. */
const errorSchema = z.object({
  message: z.string(),
  data: problemSchema.optional().catch(undefined),
  description: z.number().optional().catch(undefined),
});

function refusalIn(error: Error): Refusal {
  const { data, description, message } = errorSchema.parse(error);
  return data ?? { detail: message, ...(description !== undefined && { status: description }) };
}

const failureSchema = z.strictObject({ error: problemSchema });

function toReply(acknowledgement: unknown): Reply {
  const failure = failureSchema.safeParse(acknowledgement);
  return failure.success ? { ok: false, code: failure.data.error.code } : { ok: true, data: acknowledgement };
}

function harness(transport: Transport): GatewayHarness {
  return {
    name: `Socket.IO over ${transport === 'websocket' ? 'WebSocket' : 'polling'}`,
    cannot:
      transport === 'polling' ? { wire: 'each poll may be a connection, and the server accepts none at its end' } : {},
    gateway: ({ heartbeatMs }) => ({
      module: GatewaySocketIoModule.forRoot(gatewaySocketIoConfigSchema.parse({ heartbeatMs })),
      attach: (app) => app.useWebSocketAdapter(new ClarionIoAdapter(app)),
    }),
    connect: (options, ear) => connect(options, ear, transport),
  };
}

export const harnesses: readonly GatewayHarness[] = [harness('websocket'), harness('polling')];
