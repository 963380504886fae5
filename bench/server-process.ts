import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { usageOfGroup, type ProcessUsage } from './process-usage.js';
import { SERVER_PATH, type ServerProgram } from './server-program.js';

const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 15_000;
/** On the project's disk: a temporary directory in memory would make every sync free. */
const SCRATCH = join(import.meta.dirname, '..', '..', '.tmp');

/** A server in a process group of its own, with nothing of our environment, so that its settings are its defaults. */
export class ServerProcess {
  readonly port: number;
  readonly #program: ServerProgram;
  readonly #directory: string;
  readonly #cleanUp = (): void => this.#discard();
  #child: ChildProcess;

  private constructor(port: number, program: ServerProgram, directory: string) {
    this.port = port;
    this.#program = program;
    this.#directory = directory;
    this.#child = this.#spawn();
    process.on('exit', this.#cleanUp);
  }

  /**
   * Starts the program and resolves once it is ready.
   * @throws {Error} when it is not installed, or, with the end of its output, when it exits or is not ready in 20 s.
   */
  static async start(program: ServerProgram): Promise<ServerProcess> {
    const missing = program.missing();
    if (missing !== null) throw new Error(`${missing} is not installed`);
    const port = await freePort();
    mkdirSync(SCRATCH, { recursive: true });
    const server = new ServerProcess(port, program, mkdtempSync(join(SCRATCH, 'bench-')));
    await server.#ready();
    return server;
  }

  /** Ends the server with SIGKILL, and resolves when it is gone. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#killGroup();
    await gone;
  }

  /**
   * After {@link kill}: the same program on the same port and data.
   * @throws {Error} as {@link start}.
   */
  async restart(): Promise<void> {
    this.#child = this.#spawn();
    await this.#ready();
  }

  /** Of all its processes together. */
  usage(): ProcessUsage {
    if (this.#child.pid === undefined) throw new Error('the server has no process');
    return usageOfGroup(this.#child.pid);
  }

  /** Asks the server to stop, kills it after 15 s, and removes its data. */
  async stop(): Promise<void> {
    if (!this.#hasEnded()) {
      const gone = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const patience = setTimeout(() => this.#killGroup(), STOP_WITHIN_MS);
      await gone;
      clearTimeout(patience);
    }
    process.off('exit', this.#cleanUp);
    this.#discard();
  }

  #spawn(): ChildProcess {
    const { file, args, env } = this.#program.command({ port: this.port, directory: this.#directory });
    const log = openSync(join(this.#directory, 'log'), 'a');
    const child = spawn(file, args, {
      cwd: this.#directory,
      env: { PATH: SERVER_PATH, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    return child;
  }

  async #ready(): Promise<void> {
    const patience = AbortSignal.timeout(READY_WITHIN_MS);
    while (!(await this.#isReady())) {
      if (this.#hasEnded() || patience.aborted) {
        const output = readFileSync(join(this.#directory, 'log'), 'utf8').slice(-2_000);
        await this.stop();
        throw new Error(`${this.#program.name} did not become ready:\n${output}`);
      }
      await delay(50);
    }
  }

  #isReady(): Promise<boolean> {
    const { readyPath } = this.#program;
    return readyPath === null ? listens(this.port) : answers(`http://127.0.0.1:${this.port}${readyPath}`);
  }

  #killGroup(): void {
    if (this.#child.pid !== undefined && !this.#hasEnded()) process.kill(-this.#child.pid, 'SIGKILL');
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #discard(): void {
    this.#killGroup();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch (error) {
    if (error instanceof TypeError) return false; // fetch's way to say that nobody listens yet
    throw error;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ port, host: '127.0.0.1' });
    probe.once('error', () => resolve(false));
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
  });
}

/** Below the range from which the clients' own ports are taken (32768 on Linux). */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port between 20000 and 32000');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
