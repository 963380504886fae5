import { z } from 'zod';
import { realtimeConfigSchema } from '#clarion/realtime';

/** What an operator can set of Socket.IO. */
export const gatewaySocketIoConfigSchema = z.object({
  heartbeatMs: realtimeConfigSchema.shape.heartbeatMs,
  maxMessageBytes: z.coerce.number().int().min(1_024).max(16_777_216).default(65_536).meta({
    env: 'CLARION_SOCKETIO_MAX_MESSAGE_BYTES',
    description: 'Largest message that a Socket.IO client may send. Bytes.',
  }),
  connectTimeoutMs: z.coerce.number().int().min(100).default(10_000).meta({
    env: 'CLARION_SOCKETIO_CONNECT_TIMEOUT_MS',
    description: 'How long a Socket.IO connection may be open without joining. Milliseconds.',
  }),
});

export type GatewaySocketIoConfig = z.infer<typeof gatewaySocketIoConfigSchema>;

export const SOCKETIO_CONFIG = Symbol('GatewaySocketIoConfig');
