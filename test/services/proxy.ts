import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../support/server.js';

/**
 * `careless nginx`: set up by somebody who knows nothing of streams. `nginx below a path`: shows the server at `/clarion/`, on 127.0.0.1
 * with addresses as they are, on 127.0.0.2 (same port) with the path taken off.
 */
export type ProxyName = 'nginx' | 'careless nginx' | 'nginx with HTTP/2' | 'nginx below a path' | 'haproxy';

export interface ProxySettings {
  /** `127.0.0.1:<port>`, twice. */
  readonly nodes: readonly [string, string];
  /** Seconds without a byte after which the proxy ends a connection, whole. */
  readonly idleS: number;
}

/** A request that the proxy has finished. */
export interface ProxiedRequest {
  readonly path: string;
  readonly node: string;
}

interface Setup {
  readonly program: string;
  /** In the foreground, as this user, on files in `directory` alone. */
  readonly args: (configuration: string, directory: string) => readonly string[];
  readonly template: string;
  /** Puts what it needs beside its configuration. */
  readonly prepare?: (directory: string) => void;
}

const NGINX = {
  program: 'nginx',
  args: (configuration, directory) => ['-p', directory, '-c', configuration, '-e', 'stderr', '-g', 'daemon off;'],
} as const satisfies Omit<Setup, 'template'>;

const SETUPS: Readonly<Record<ProxyName, Setup>> = {
  nginx: { ...NGINX, template: 'nginx.conf' },
  'careless nginx': { ...NGINX, template: 'nginx-careless.conf' },
  'nginx with HTTP/2': { ...NGINX, template: 'nginx-http2.conf', prepare: makeCertificate },
  'nginx below a path': { ...NGINX, template: 'nginx-base-path.conf' },
  haproxy: { program: 'haproxy', args: (configuration) => ['-db', '-f', configuration], template: 'haproxy.cfg' },
};

/** Debian keeps servers where only root looks by default. */
const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`;
const START_TIMEOUT_MS = 10_000;
/** A path and a node, and nothing else: what the log format of both configurations writes. */
const REQUEST = /^(?<path>\/\S*) (?<node>\d[\d.]+:\d+)$/;

/**
 * Whether tests that need this program must be left out: only where it is missing, and never in CI, where they then fail.
 * Left-out tests are counted as skipped.
 */
export function isProxyMissing(name: ProxyName): boolean {
  const { status } = spawnSync(SETUPS[name].program, ['-v'], { stdio: 'ignore', env: { PATH } });
  return process.env['CI'] === undefined && status !== 0;
}

/** The real server on a free port and a temporary directory, in a process of its own. */
export class Proxy {
  readonly url: string;
  readonly #port: number;
  readonly #directory: string;
  readonly #output: string[] = [];
  #child: ChildProcess | undefined;

  private constructor(port: number, directory: string) {
    this.#port = port;
    this.#directory = directory;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** @throws {Error} with its output when it ends instead of listening. */
  static async start(name: ProxyName, settings: ProxySettings): Promise<Proxy> {
    const directory = await mkdtemp(join(tmpdir(), 'clarion-proxy-'));
    // nginx, started by root, has its work done by somebody else.
    await chmod(directory, 0o755);
    const proxy = new Proxy(await freePort(), directory);
    try {
      await proxy.#start(name, settings);
    } catch (error) {
      await proxy.stop();
      throw error;
    }
    return proxy;
  }

  /** Finished requests, oldest first; those that are still open are not among them. */
  async requests(): Promise<ProxiedRequest[]> {
    const logged = await readFile(join(this.#directory, 'requests.log'), 'utf8').catch(() => ''); // HAProxy logs to its output
    return [...logged.split('\n'), ...this.#output].flatMap((line) => {
      const { path, node } = REQUEST.exec(line)?.groups ?? {};
      return path === undefined || node === undefined ? [] : [{ path, node }];
    });
  }

  /** Ends it and removes its files. Idempotent. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #start(name: ProxyName, settings: ProxySettings): Promise<void> {
    const { program, args, template, prepare } = SETUPS[name];
    prepare?.(this.#directory);
    const configuration = join(this.#directory, template);
    await writeFile(configuration, await this.#fillIn(template, settings));
    const child = spawn(program, args(configuration, this.#directory), {
      env: { PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let failure: string | undefined;
    child.once('error', (error) => (failure = error.message));
    child.once('close', (code, signal) => (failure ??= `ended with ${code ?? signal}`));
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => this.#output.push(line));
    const late = performance.now() + START_TIMEOUT_MS;
    while (!(await this.#accepts())) {
      if (performance.now() > late) failure ??= 'did not listen in time';
      if (failure !== undefined) throw new Error(`${name} ${failure}:\n${this.#output.join('\n')}`);
      await pause(20);
    }
  }

  async #fillIn(template: string, { nodes, idleS }: ProxySettings): Promise<string> {
    const words: Readonly<Record<string, string>> = {
      DIR: this.#directory,
      PORT: String(this.#port),
      NODE_1: nodes[0],
      NODE_2: nodes[1],
      IDLE: String(idleS),
    };
    const text = await readFile(join(import.meta.dirname, template), 'utf8');
    return text.replaceAll(/@([A-Z_0-9]+)@/g, (all, word: string) => words[word] ?? all);
  }

  async #accepts(): Promise<boolean> {
    const socket = connect(this.#port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false; // refused: nobody listens yet
    } finally {
      socket.destroy();
    }
  }
}

/** Signed by itself: nobody but a test's own browser is to believe it. */
function makeCertificate(directory: string): void {
  const made = spawnSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=127.0.0.1',
      '-keyout',
      'key.pem',
      '-out',
      'certificate.pem',
    ],
    { cwd: directory, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
}
