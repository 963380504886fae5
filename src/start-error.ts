import { ConfigError } from './config/config-error.js';
import type { Environment } from './config/section.js';

/** Why the server could not start, for the people who started it: one sentence where the cause is theirs, else with the stack. */
export function reasonOf(error: unknown, environment: Environment): string {
  if (!(error instanceof Error)) return `Clarion could not start: ${String(error)}`;
  if (error instanceof ConfigError) return error.message;
  const code = 'code' in error ? error.code : undefined;
  const port = environment['PORT'] || '3000';
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken: end the program that uses it, or choose another with PORT=….`;
  if (code === 'EACCES' && 'syscall' in error && error.syscall === 'listen')
    return `This user may not listen on port ${port}: choose one above 1023 with PORT=….`;
  if (error.name === 'StoreError') return `Clarion could not start: ${error.message}`;
  return `Clarion could not start: ${error.stack ?? error.message}`;
}
