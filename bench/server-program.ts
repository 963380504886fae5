import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '..', '..');
/** Debian keeps servers where only root looks by default. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;

/** What a server is started with. */
export interface Launch {
  readonly port: number;
  /** Empty at first, and gone with the server; also its working directory. */
  readonly directory: string;
}

/** A command line, and all of its environment beside `PATH`. */
export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A server of the bench. */
export interface ServerProgram {
  readonly name: string;
  /** Answers 200 once the server is ready; null: it is when it takes connections. */
  readonly readyPath: string | null;
  /** The name of what has to be installed first and is not; null: nothing. */
  missing(): string | null;
  /** May write files into the directory. */
  command(launch: Launch): CommandLine;
}

/** Settings of {@link nodeProgram}. */
export interface NodeProgramOptions {
  readonly env?: (dataDir: string) => Record<string, string>;
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[];
}

/** A compiled module of the project, relative to `dist`. */
export function nodeProgram(
  module: string,
  { env = () => ({}), nodeArgs = [] }: NodeProgramOptions = {},
): ServerProgram {
  return {
    name: module,
    readyPath: '/health/ready',
    missing: () => null,
    command: ({ port, directory }) => ({
      file: process.execPath,
      args: [...nodeArgs, join(PROJECT, 'dist', module)],
      env: { NODE_ENV: 'production', PORT: String(port), ...env(directory) },
    }),
  };
}

/** Whether the system has a program of this name, or an absolute path exists. */
export function isInstalled(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  return spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH } }).status === 0;
}

export { PATH as SERVER_PATH };
