import type { INestApplication } from '@nestjs/common';
import type { JsonLogger } from './logging/json-logger.js';

/** After that the process ends whatever is left, within the promised 10 s. Milliseconds. */
const DEADLINE_MS = 9_000;
/** npm passes on a signal that the terminal has sent to the whole group already; both arrive within moments. */
const ECHO_MS = 500;

/**
 * Ends the process on SIGTERM or SIGINT: 0 when everything ended well within 9 s, else 1. Whoever signals a second time does not
 * want to wait.
 */
export function endOnSignals(app: INestApplication, logger: JsonLogger): void {
  let since: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (since === undefined) {
      since = performance.now();
      void end(app, logger, signal);
    } else if (performance.now() - since > ECHO_MS) {
      logger.warn(`${signal} again: ending at once`);
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

async function end(app: INestApplication, logger: JsonLogger, signal: NodeJS.Signals): Promise<void> {
  logger.log(`${signal}: draining`);
  setTimeout(() => {
    logger.fatal(`not drained within ${DEADLINE_MS} ms: ending anyway`);
    process.exit(1);
  }, DEADLINE_MS);
  try {
    await app.close();
    logger.log('ended');
    process.exit(0);
  } catch (error) {
    logger.fatal(error);
    process.exit(1);
  }
}
