import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { sqliteStoreOptions, StoreError, storeSqliteConfigSchema } from '#clarion/store-sqlite';
import { ConfigError } from './config/config-error.js';
import { readSection, type Environment } from './config/section.js';

/** What one of the commands around the database was told. */
export interface DatabaseOrder {
  /** The database of the data directory that the environment names, as the server finds it. */
  readonly database: string;
  /** The copy, absolute. */
  readonly file: string;
  readonly overwrite: boolean;
}

/** Does what was ordered, and says in one line what it did. */
type Work = (order: DatabaseOrder) => string;

/** A command with the file as its one argument; ends the process with 1 and a sentence where something is wrong. */
export function runDatabaseCommand(name: 'backup' | 'restore', environment: Environment, work: Work): void {
  try {
    process.stdout.write(`${work(orderOf(name, environment))}\n`);
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = 1;
  }
}

/** `4.2 MB`, for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function orderOf(name: string, environment: Environment): DatabaseOrder {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { overwrite: { type: 'boolean' } } });
  const [file] = positionals;
  if (file === undefined || file === '' || positionals.length > 1)
    throw new StoreError(
      'input',
      `Name one file: npm run ${name} -- <file>${name === 'backup' ? ' [--overwrite]' : ''}`,
    );
  const reading = readSection(storeSqliteConfigSchema, environment);
  if (!reading.ok) throw new ConfigError(reading.problems);
  return {
    database: resolve(sqliteStoreOptions(reading.value).file),
    // npm runs its scripts in the project's folder, wherever it was called.
    file: resolve(environment['INIT_CWD'] ?? '.', file),
    overwrite: values.overwrite ?? false,
  };
}

function sentenceOf(error: unknown): string {
  if (error instanceof StoreError || error instanceof ConfigError) return error.message;
  // Of an option that does not exist.
  if (error instanceof TypeError && 'code' in error) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
