import { z } from 'zod';
import { realtimeConfigSchema } from '#clarion/realtime';

/** What an operator can set of plain WebSockets. */
export const gatewayWebSocketConfigSchema = z.object({
  heartbeatMs: realtimeConfigSchema.shape.heartbeatMs,
  retrySpreadMs: realtimeConfigSchema.shape.retrySpreadMs,
  maxMessageBytes: z.coerce.number().int().min(16_384).max(16_777_216).default(65_536).meta({
    env: 'CLARION_WEBSOCKET_MAX_MESSAGE_BYTES',
    description:
      'Largest message that a WebSocket client may send; a larger one closes with 1009. Clients whose handshake shows that they may publish: at least 320 KiB. Bytes.',
  }),
  maxFragments: z.coerce.number().int().min(1).max(16_384).default(64).meta({
    env: 'CLARION_WEBSOCKET_MAX_FRAGMENTS',
    description: 'Frames that one message of a WebSocket client may come in; more close with 1008.',
  }),
  authTimeoutMs: z.coerce.number().int().min(100).max(60_000).default(5_000).meta({
    env: 'CLARION_WEBSOCKET_AUTH_TIMEOUT_MS',
    description: 'How long a WebSocket that came without credentials may take to send its token. Milliseconds.',
  }),
  maxUnauthenticated: z.coerce.number().int().min(0).default(1_000).meta({
    env: 'CLARION_WEBSOCKET_MAX_UNAUTHENTICATED',
    description: 'WebSockets whose token is waited for at one time; further ones are answered 503 `overloaded`.',
  }),
  compression: z.stringbool().default(false).meta({
    env: 'CLARION_WEBSOCKET_COMPRESSION',
    description:
      'Whether messages of 1 KiB and more are compressed for WebSocket clients that ask for it; each client costs its own work then.',
  }),
});

export type GatewayWebSocketConfig = z.infer<typeof gatewayWebSocketConfigSchema>;
