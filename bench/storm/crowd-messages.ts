import { z } from 'zod';
import { histogramSchema } from '../histogram.js';
import type { CrowdReport } from './crowd.js';
import { TRANSPORTS } from './storm-client.js';

const populationSchema = z.object({
  port: z.number(),
  tokens: z.array(z.string()).min(1),
  topics: z.number().int().positive(),
  missed: z.number().int().positive(),
});

/** The steps of a crowd in a process of its own; each is answered when it is done. */
export const crowdCommandSchema = z.discriminatedUnion('command', [
  z.object({
    command: z.literal('gather'),
    population: populationSchema,
    from: z.number().int().nonnegative(),
    count: z.number().int().positive(),
  }),
  /** Answered at once: the server may be killed now. */
  z.object({ command: z.literal('brace') }),
  z.object({ command: z.literal('broken') }),
  z.object({ command: z.literal('come back'), startMicros: z.number(), timeoutMs: z.number().positive() }),
  z.object({ command: z.literal('report') }),
]);
export type CrowdCommand = z.infer<typeof crowdCommandSchema>;

/** CPU microseconds that the process used for the return. */
export const returnedSchema = z.object({ cpuMicros: z.number() });

export const crowdReportSchema = z.object({
  transports: z.array(
    z.object({
      transport: z.enum(TRANSPORTS),
      clients: z.number().int(),
      ready: histogramSchema,
      complete: histogramSchema,
      retries: z.number().int(),
    }),
  ),
  faults: z.record(z.string(), z.number().int()),
  retryReasons: z.record(z.string(), z.number().int()),
}) satisfies z.ZodType<CrowdReport>;
