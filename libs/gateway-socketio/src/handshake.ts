import { z } from 'zod';
import { DomainError, parseWanted, toInputErrors, type Wanted } from '#clarion/protocol';

/** `auth` of the handshake. `pid` and `offset` are added by the stock client when it comes back; other fields are not ours. */
const authSchema = z.object({
  token: z.string().min(1).max(8_192).optional(),
  topics: z.union([z.array(z.string()), z.string()]).optional(),
  since: z.string().optional(),
  priority: z.string().optional(),
  device: z.string().optional(),
  offset: z.string().optional(),
});

export interface Handshake {
  readonly token: string | undefined;
  readonly wanted: Wanted;
}

/**
 * Reads what a Socket.IO client brings when it connects.
 * @throws {DomainError} `body.invalid`, `query.invalid`, `cursor.invalid`.
 */
export function parseHandshake(auth: unknown): Handshake {
  const parsed = authSchema.safeParse(auth);
  if (!parsed.success) throw new DomainError('body.invalid', undefined, toInputErrors(parsed.error));
  const { token, topics, since, offset, priority, device } = parsed.data;
  // What the client has seen is newer than where its application once began.
  return { token, wanted: parseWanted(topics, offset ?? since, priority, device) };
}
