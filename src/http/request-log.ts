import type { JsonLogger } from '../logging/json-logger.js';
import type { FinishedRequest } from './requests.js';

const FIRST_OWN_FAILURE = 500;
/** Too much work, or going away: said by design, and under load to nearly everybody. */
const UNAVAILABLE = 503;

/** One line per finished request: at `warn` where the server failed, else at `debug`, since publishing is a request too. */
export function logRequest(logger: JsonLogger, { id, method, path, status, ms, aborted }: FinishedRequest): void {
  const level = status >= FIRST_OWN_FAILURE && status !== UNAVAILABLE ? 'warn' : 'debug';
  if (!logger.isEnabled(level)) return;
  logger.write(
    level,
    { requestId: id, method, path, status, ms: Math.round(ms), ...(aborted && { aborted }) },
    'request',
  );
}
