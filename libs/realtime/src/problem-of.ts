import { randomUUID } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import { DomainError, type Problem } from '#clarion/protocol';

/**
 * A failure as a client is told of it where there is no HTTP request that has an id: with a random `requestId`, under which the log has it
 * too: at `debug` what is expected, and what is not, which becomes `internal`, as an error.
 */
export function problemOf(error: unknown, logger: Pick<Logger, 'debug' | 'error'>): Problem {
  const requestId = randomUUID();
  if (error instanceof DomainError) {
    logger.debug({ requestId, code: error.code, msg: 'refused' });
    return error.toProblem(requestId);
  }
  logger.error({ requestId, error });
  return new DomainError('internal').toProblem(requestId);
}
