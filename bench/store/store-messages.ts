import { z } from 'zod';

/** What the bench asks of a process that appends to a fresh log; one log is opened and closed for each command. */
export const storeCommandSchema = z.object({
  command: z.literal('append'),
  log: z.enum(['clarion', 'bare']),
  /** Empty, and on a real disk. */
  dataDir: z.string(),
  warmUpMs: z.number().positive(),
  load: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('saturated'), window: z.number().int().positive(), durationMs: z.number().positive() }),
    z.object({ kind: z.literal('alone'), perSecond: z.number().positive(), durationMs: z.number().positive() }),
  ]),
});
export type StoreCommand = z.infer<typeof storeCommandSchema>;
