import { z } from 'zod';
import { MAX_PUSH_AFTER_S } from '#clarion/protocol';

const DAY_S = 86_400;

/** What an operator can set of the log; see the reference of all variables for the units. */
export const notificationsConfigSchema = z.object({
  resumeMaxAgeS: z.coerce.number().int().min(1).default(DAY_S).meta({
    env: 'CLARION_RESUME_MAX_AGE_S',
    description: 'How long a client may be away and still resume without a gap. Seconds.',
  }),
  resumeMaxBytes: z.coerce.number().int().min(1_024).default(1_073_741_824).meta({
    env: 'CLARION_RESUME_MAX_BYTES',
    description: 'Size of the resume log; beyond it the oldest can no longer be resumed. Bytes.',
  }),
  historyMaxAgeS: z.coerce
    .number()
    .int()
    .min(1)
    .default(30 * DAY_S)
    .meta({
      env: 'CLARION_HISTORY_MAX_AGE_S',
      description: 'How long notifications stay in the history of their topics. Seconds.',
    }),
  historyMaxPerTopic: z.coerce.number().int().min(1).default(1_000).meta({
    env: 'CLARION_HISTORY_MAX_PER_TOPIC',
    description: 'How many notifications each topic keeps beyond the resume log; the noisy never evict others.',
  }),
  retentionIntervalMs: z.coerce.number().int().min(100).default(30_000).meta({
    env: 'CLARION_RETENTION_INTERVAL_MS',
    description: 'How often retention is applied. Milliseconds.',
  }),
  idempotencyS: z.coerce.number().int().min(DAY_S).default(DAY_S).meta({
    env: 'CLARION_IDEMPOTENCY_S',
    description: 'How long an idempotency key is remembered, at least a day. Seconds.',
  }),
  commitMaxBatch: z.coerce.number().int().min(1).max(10_000).default(1_000).meta({
    env: 'CLARION_COMMIT_MAX_BATCH',
    description: 'Publishes that one commit takes at most.',
  }),
  publishMaxWaiting: z.coerce.number().int().min(1).default(10_000).meta({
    env: 'CLARION_PUBLISH_MAX_WAITING',
    description: 'Publishes that may wait for the log; more are answered 503 `overloaded`.',
  }),
  publishMaxWaitingBytes: z.coerce.number().int().min(1_048_576).default(67_108_864).meta({
    env: 'CLARION_PUBLISH_MAX_WAITING_BYTES',
    description: 'Bytes of publishes that may wait for the log; more are answered 503 `overloaded`.',
  }),
  publishMaxWaitMs: z.coerce.number().int().min(0).default(150).meta({
    env: 'CLARION_PUBLISH_MAX_WAIT_MS',
    description:
      'How long publishes may wait for the log before further ones are answered 503 `overloaded` unread, until it has caught up. What one commit takes (`CLARION_COMMIT_MAX_BATCH`) always may. Milliseconds; 0: as long as it takes.',
  }),
  pushAfterS: z.coerce.number().int().min(0).max(MAX_PUSH_AFTER_S).default(10).meta({
    env: 'CLARION_PUSH_AFTER_S',
    description:
      'How long after its publish a notification is pushed to devices of people who have neither acknowledged nor read it, where its category does not say. Seconds.',
  }),
  pushMaxAgeS: z.coerce.number().int().min(1).max(2_419_200).default(DAY_S).meta({
    env: 'CLARION_PUSH_MAX_AGE_S',
    description: 'How long a push is tried, and kept by the push service for a device that is away. Seconds.',
  }),
  pushConcurrency: z.coerce.number().int().min(1).max(1_000).default(64).meta({
    env: 'CLARION_PUSH_CONCURRENCY',
    description: 'Pushes that are under way at once.',
  }),
  pushPerHost: z.coerce.number().int().min(1).max(1_000).default(16).meta({
    env: 'CLARION_PUSH_PER_HOST',
    description: 'Of these to the same push service: one that is slow holds up so many at most.',
  }),
  pushMaxAttempts: z.coerce.number().int().min(1).max(100).default(8).meta({
    env: 'CLARION_PUSH_MAX_ATTEMPTS',
    description: 'How often a push is tried; after the last time it is given up.',
  }),
});

export type NotificationsConfig = z.infer<typeof notificationsConfigSchema>;
