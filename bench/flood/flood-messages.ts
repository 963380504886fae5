import { z } from 'zod';

export const floodTargetSchema = z.object({
  port: z.number(),
  apiKey: z.string(),
  /** With which `flood/*` may be read. */
  token: z.string(),
  connections: z.number().int().positive(),
});
export type FloodTarget = z.infer<typeof floodTargetSchema>;

/** What is asked of the process that publishes; one command at a time. */
export const floodCommandSchema = z.discriminatedUnion('command', [
  z.object({ command: z.literal('gather'), target: floodTargetSchema }),
  z.object({ command: z.literal('capacity'), window: z.number().int().positive(), durationMs: z.number() }),
  z.object({ command: z.literal('flood'), perSecond: z.number(), durationMs: z.number() }),
  z.object({ command: z.literal('faults'), timeoutMs: z.number() }),
]);
export type FloodCommand = z.infer<typeof floodCommandSchema>;
