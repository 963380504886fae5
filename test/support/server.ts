import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = 'dist/src/main.js';
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
/** Below the range from which systems take the local ports of outgoing connections. */
const PORTS = { from: 20_000, to: 32_767 };

/** Credentials of every server that tests start. */
export const API_KEY = 'test-api-key-0123456789abcdef';
export const TOKEN_SECRET = 'test-token-secret-0123456789abcdefghijklmnop';

export interface ServerOptions {
  /** Arguments of Node itself, such as `--expose-gc`. */
  readonly nodeArgs?: readonly string[];
  /** A program and its arguments that run Node in turn, such as `['strace', '-f']`. `pid` and `kill` are then about that program. */
  readonly wrapper?: readonly [string, ...string[]];
  /** Kept when the server is stopped. Absent: an own one, removed at the end. */
  readonly dataDir?: string;
  /** Absent: a free one. */
  readonly port?: number;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The whole server in a process of its own. */
export interface TestServer {
  /** `http://127.0.0.1:<port>`, or `https:` when it was given a certificate. */
  readonly url: string;
  /** The same after every restart. */
  readonly port: number;
  readonly apiKey: string;
  readonly tokenSecret: string;
  readonly dataDir: string;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** Lines of standard output and standard error of all its processes, oldest first. */
  readonly logs: readonly string[];
  /** Sends the signal (`SIGKILL`) and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  /** Waits for the end of the process that runs now. */
  exited(): Promise<Exit>;
  /** Starts again on the same port and data, after stopping what still runs; resolves when ready. */
  restart(): Promise<void>;
  /** Ends the server and removes its data. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts the built server, `dist/src/main.js`, on loopback and resolves when it listens. `env` is added to a minimal environment.
 * @throws {Error} with the output when it ends instead, or does not listen within 30 s.
 */
export async function startServer(
  env: Readonly<Record<string, string>> = {},
  options: ServerOptions = {},
): Promise<TestServer> {
  const port = options.port ?? (await freePort());
  const dataDir = options.dataDir ?? (await temporaryDataDir());
  const server = new ServerProcess(port, dataDir, env, options);
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Runs the server until it ends by itself, for starts that must fail. Only `env` and `PATH` are set. */
export async function runToExit(env: Readonly<Record<string, string>>): Promise<Exit & { readonly output: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logs: string[] = [];
  collectLines(child, (line) => logs.push(line));
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  const exit = await closed(child);
  clearTimeout(timer);
  return { ...exit, output: logs.join('\n') };
}

/** A port on loopback that nobody uses now, below the range of outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    if (await isFree(port)) return port;
  }
}

class ServerProcess implements TestServer {
  readonly url: string;
  readonly apiKey = API_KEY;
  readonly tokenSecret = TOKEN_SECRET;
  readonly logs: string[] = [];
  #child: ChildProcess | undefined;
  #exit: Promise<Exit> | undefined;

  constructor(
    readonly port: number,
    readonly dataDir: string,
    private readonly env: Readonly<Record<string, string>>,
    private readonly options: ServerOptions,
  ) {
    this.url = `${env['CLARION_TLS_CERT'] === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the server was never started');
    return pid;
  }

  async start(): Promise<void> {
    const node = [process.execPath, ...(this.options.nodeArgs ?? []), MAIN];
    const [program, ...args] = [...(this.options.wrapper ?? []), ...node];
    if (program === undefined) throw new Error('nothing to run');
    const child = spawn(program, args, { env: this.#environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#exit = closed(child);
    await this.#listening(child);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.#child?.kill(signal);
    return this.exited();
  }

  exited(): Promise<Exit> {
    return this.#exit ?? Promise.resolve({ code: null, signal: null });
  }

  async restart(): Promise<void> {
    await this.#end();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#end();
    if (this.options.dataDir === undefined) await rm(this.dataDir, { recursive: true, force: true });
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: String(this.port),
      CLARION_DATA_DIR: this.dataDir,
      CLARION_API_KEY: API_KEY,
      CLARION_TOKEN_SECRET: TOKEN_SECRET,
      ...this.env,
    };
  }

  #listening(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const from = this.logs.length;
      const timer = setTimeout(() => fail(`did not listen within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
      const fail = (why: string): void => {
        clearTimeout(timer);
        reject(new Error(`the server ${why}:\n${this.logs.slice(from).join('\n')}`));
      };
      collectLines(child, (line) => {
        this.logs.push(line);
        if (!isListening(line)) return;
        clearTimeout(timer);
        resolve();
      });
      child.once('error', (error) => fail(error.message));
      child.once('close', (code, signal) => fail(`ended with ${code ?? signal}`));
    });
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.exited();
    clearTimeout(timer);
  }
}

function collectLines(child: ChildProcess, take: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', take);
  }
}

/** The one line that says that the server is ready, also for programs. */
function isListening(line: string): boolean {
  return line.startsWith('{') && line.includes('"msg":"listening"');
}

/** Ends when the process has ended and all of its output was read. */
function closed(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

function temporaryDataDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'clarion-'));
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return true;
  } catch {
    return false; // taken: the caller tries another
  } finally {
    probe.close();
  }
}
