import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Level, type LevelWithSilent, type Logger } from 'pino';

/** What Nest says while it puts an application together; of interest only to who is looking for a mistake there. */
const CHATTY_CONTEXTS = new Set([
  'WebSocketsController',
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/**
 * Nest's logger on pino: one JSON object per line. Lines are written synchronously, so that none is lost when the process ends;
 * nothing is logged per notification above `debug`. Objects become fields, errors `err`.
 */
export class JsonLogger implements LoggerService {
  readonly #pino: Logger;

  /** @param destination standard output when absent. */
  constructor(level: LevelWithSilent, destination: DestinationStream = pino.destination({ dest: 1, sync: true })) {
    this.#pino = pino({ level, base: undefined, formatters: { level: (label) => ({ level: label }) } }, destination);
  }

  /** Whether lines of this level are written; spares the work of making them. */
  isEnabled(level: Level): boolean {
    return this.#pino.isLevelEnabled(level);
  }

  /** A line with fields of its own. */
  write(level: Level, fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#pino[level](fields, message);
  }

  log(message: unknown, ...rest: unknown[]): void {
    const context = contextOf(rest);
    this.#write(context !== undefined && CHATTY_CONTEXTS.has(context) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  #write(level: Level, message: unknown, rest: unknown[]): void {
    const context = contextOf(rest);
    const fields = {
      ...(context !== undefined && { context }),
      ...detailOf(rest.slice(0, context === undefined ? undefined : -1)),
    };
    if (message instanceof Error) this.#pino[level]({ ...fields, err: message }, message.message);
    else if (typeof message === 'object' && message !== null) this.#writeObject(level, { ...fields, ...message });
    else this.#pino[level](fields, String(message));
  }

  /** Pino knows errors as `err`. */
  #writeObject(level: Level, { error, ...fields }: Readonly<Record<string, unknown>>): void {
    if (error instanceof Error) this.#pino[level]({ ...fields, err: error }, error.message);
    else this.#pino[level](error === undefined ? fields : { ...fields, error });
  }
}

/** Nest puts the context last. */
function contextOf(rest: readonly unknown[]): string | undefined {
  const last = rest.at(-1);
  return typeof last === 'string' && !last.includes('\n') ? last : undefined;
}

/** Before it there may be an error, or its stack as text. */
function detailOf([detail]: readonly unknown[]): Record<string, unknown> {
  if (detail === undefined) return {};
  return detail instanceof Error ? { err: detail } : { detail };
}
