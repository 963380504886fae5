import { z } from 'zod';
import { MAX_SELECTORS } from '#clarion/protocol';

const amount = (min: number, preset: number) => z.coerce.number().int().min(min).default(preset);

/** What an operator can set of sessions and memory. */
export const realtimeConfigSchema = z.object({
  ringBytes: amount(1_024, 67_108_864).meta({
    env: 'CLARION_RING_BYTES',
    description: 'Recent events kept in memory, for all clients together; older ones are read from the log. Bytes.',
  }),
  pageCacheBytes: amount(0, 16_777_216).meta({
    env: 'CLARION_PAGE_CACHE_BYTES',
    description: 'Pages of the log kept in memory for the next client that catches up. Bytes.',
  }),
  sharedReach: amount(0, 4_096).meta({
    env: 'CLARION_SHARED_REACH',
    description:
      'Clients that lag behind memory by up to so many notifications read pages that all share; further ones read only their own topics.',
  }),
  sessionBufferBytes: amount(1_024, 131_072).meta({
    env: 'CLARION_SESSION_BUFFER_BYTES',
    description: 'Events that wait for one slow client; beyond, it catches up from the log at its own pace. Bytes.',
  }),
  logReads: z.coerce.number().int().min(1).max(64).default(8).meta({
    env: 'CLARION_LOG_READS',
    description: 'Reads of the log for catching-up clients at one time; further ones wait.',
  }),
  heartbeatMs: z.coerce.number().int().min(100).max(3_600_000).default(25_000).meta({
    env: 'CLARION_HEARTBEAT_MS',
    description: 'How often an idle connection is kept alive, and a quiet client told its cursor. Milliseconds.',
  }),
  flushTickMs: z.coerce.number().int().min(0).max(1_000).default(10).meta({
    env: 'CLARION_FLUSH_TICK_MS',
    description:
      'How long after small writes to many clients the next ones wait for more to write along: as long as the last ones took, this at most. What comes after longer silence never waits. Milliseconds; 0: not at all.',
  }),
  headCheckMs: z.coerce.number().int().min(50).default(5_000).meta({
    env: 'CLARION_HEAD_CHECK_MS',
    description:
      'How often this node compares its head with the log, in case the bus lost the last message. Milliseconds.',
  }),
  maxSelectors: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_SELECTORS)
    .default(MAX_SELECTORS)
    .meta({
      env: 'CLARION_MAX_SELECTORS',
      description: `Selectors that one session or poll may have, 1–${MAX_SELECTORS}.`,
    }),
  stepDownConnections: amount(0, 0).meta({
    env: 'CLARION_STEP_DOWN_CONNECTIONS',
    description: 'Open streams beyond which new and low-priority ones are asked to poll instead. 0: never.',
  }),
  stepDownDelayMs: amount(0, 0).meta({
    env: 'CLARION_STEP_DOWN_DELAY_MS',
    description:
      'Event-loop delay (99 % of the last second) beyond which streams are asked to poll. Milliseconds; 0: never.',
  }),
  stepDownRetryMs: amount(100, 10_000).meta({
    env: 'CLARION_STEP_DOWN_RETRY_MS',
    description:
      'How soon a client that was asked to poll may try a stream again, at least; at most twice as late. Milliseconds.',
  }),
  presenceLingerMs: amount(0, 5_000).meta({
    env: 'CLARION_PRESENCE_LINGER_MS',
    description:
      'How long somebody is still on a topic after their last device went, so that a page that is loaded anew is no news. Milliseconds.',
  }),
  retrySpreadMs: z.coerce.number().int().min(0).default(2_000).meta({
    env: 'CLARION_RETRY_SPREAD_MS',
    description: 'Over how long clients are told to come back when the server goes away. Milliseconds.',
  }),
});

export type RealtimeConfig = z.infer<typeof realtimeConfigSchema>;
