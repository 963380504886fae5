import { z } from 'zod';
import { realtimeConfigSchema } from '#clarion/realtime';

/** What an operator can set of Server-Sent Events. */
export const sseConfigSchema = z.object({
  heartbeatMs: realtimeConfigSchema.shape.heartbeatMs,
  sseRetryMs: z.coerce.number().int().min(0).max(3_600_000).default(1_000).meta({
    env: 'CLARION_SSE_RETRY_MS',
    description: 'How long an SSE client that was cut off waits before it comes back. Milliseconds.',
  }),
});

export type SseConfig = z.infer<typeof sseConfigSchema>;

/** What an operator can set of polling. */
export const pollingConfigSchema = z.object({
  pollMaxWaitS: z.coerce.number().int().min(0).max(600).default(25).meta({
    env: 'CLARION_POLL_MAX_WAIT_S',
    description:
      'How long a long poll may wait for its first event; longer wishes are shortened. Below the idle time-out of proxies. Seconds.',
  }),
});

export type PollingConfig = z.infer<typeof pollingConfigSchema>;
