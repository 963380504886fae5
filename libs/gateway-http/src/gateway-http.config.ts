import { z } from 'zod';
import { realtimeConfigSchema } from '#clarion/realtime';

/** What an operator can set of reading over HTTP. */
export const gatewayHttpConfigSchema = z.object({
  heartbeatMs: realtimeConfigSchema.shape.heartbeatMs,
  sseRetryMs: z.coerce.number().int().min(0).max(3_600_000).default(1_000).meta({
    env: 'CLARION_SSE_RETRY_MS',
    description: 'How long an SSE client that was cut off waits before it comes back. Milliseconds.',
  }),
});

export type GatewayHttpConfig = z.infer<typeof gatewayHttpConfigSchema>;
