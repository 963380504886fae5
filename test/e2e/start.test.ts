import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API_KEY, freePort, runToExit, startServer, TOKEN_SECRET, type TestServer } from '../support/server.js';

const LONG = process.env['CLARION_TEST_LONG'] === '1';
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

let folder: string;
const ended: Array<() => Promise<unknown>> = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clarion-start-'));
});

afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end();
  await rm(folder, { recursive: true, force: true });
});

async function started(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args);
  ended.push(() => server.stop());
  return server;
}

/** A program whose output can be waited for. */
class Running {
  output = '';
  readonly #child: ChildProcess;

  constructor(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.#child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.output += chunk;
        this.#child.emit('output');
      });
    this.#child.once('exit', () => this.#child.emit('output'));
    ended.push(() => this.end());
  }

  async saw(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (this.#child.exitCode !== null) throw new Error(`ended without ${pattern}:\n${this.output}`);
      await once(this.#child, 'output');
    }
  }

  /** The whole group: npm and the shell do not pass on every signal. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    process.kill(-pid, 'SIGTERM');
    await exit;
  }
}

describe('a start that cannot be', () => {
  it('lists every wrong variable, shows no secret, and ends with 1', async () => {
    const { code, output } = await runToExit({
      CLARION_DATA_DIR: folder,
      PORT: 'harbour',
      CLARION_GATEWAYS: 'sse,smoke',
      CLARION_TOKEN_SECRET: 'too-short-to-be-shown',
      CLARION_HEARTBEAT_MS: 'often',
      CLARION_HARTBEAT_MS: '100',
    });
    expect(code).toBe(1);
    for (const name of [
      'PORT',
      'CLARION_GATEWAYS',
      'CLARION_TOKEN_SECRET',
      'CLARION_HEARTBEAT_MS',
      'CLARION_HARTBEAT_MS',
    ])
      expect(output).toMatch(new RegExp(`^ *${name}: `, 'm'));
    expect(output).not.toContain('too-short-to-be-shown');
    expect(output).not.toMatch(/^\s+at /m);
  });

  it('refuses production without credentials and says what is missing', async () => {
    const { code, output } = await runToExit({ NODE_ENV: 'production', CLARION_DATA_DIR: folder });
    expect(code).toBe(1);
    expect(output).toMatch(/CLARION_API_KEY: is required/);
    expect(output).toMatch(/CLARION_TOKEN_SECRET: is required/);
  });

  it('says so when the port is taken', async () => {
    const { port } = await started();
    const { code, output } = await runToExit({ CLARION_DATA_DIR: folder, PORT: String(port) });
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} is taken: end the program that uses it, or choose another with PORT=….`);
  });

  it('refuses a data directory that another process uses, which goes on', async () => {
    const { dataDir, url } = await started();
    const { code, output } = await runToExit({
      CLARION_DATA_DIR: dataDir,
      CLARION_API_KEY: API_KEY,
      CLARION_TOKEN_SECRET: TOKEN_SECRET,
      PORT: String(await freePort()),
    });
    expect(code).toBe(1);
    expect(output).toContain(dataDir);
    expect(output).toMatch(/another process/);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });

  it('names the file when nothing can be written to it', async () => {
    const env = { CLARION_DATA_DIR: folder, CLARION_API_KEY: API_KEY, CLARION_TOKEN_SECRET: TOKEN_SECRET };
    await (await startServer({}, { dataDir: folder })).kill('SIGTERM');
    const file = join(folder, 'clarion.db');
    const database = new Database(file);
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON epochs BEGIN SELECT RAISE(ABORT, 'disk is full'); END`);
    database.close();
    const { code, output } = await runToExit({ ...env, PORT: String(await freePort()) });
    expect(code).toBe(1);
    expect(output).toContain(`Clarion could not start: ${file} cannot be written: disk is full`);
    expect(output).not.toMatch(/^\s+at /m);
  });
});

describe('a start in production', () => {
  it('shows neither page, documents nor secrets', async () => {
    const { url, logs } = await started({ NODE_ENV: 'production' });
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/docs`)).status).toBe(404);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(logs.join('\n')).not.toContain(API_KEY);
    for (const line of logs) expect(() => JSON.parse(line)).not.toThrow();
  });
});

describe('metrics', () => {
  it('are behind the API key on the main port', async () => {
    const { url, apiKey } = await started();
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    const text = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${apiKey}` } })).text();
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).toMatch(/^clarion_log_head [1-9]/m);
    expect(text).toMatch(/^clarion_http_request_seconds_count\{method="GET",route="\/metrics",status="401"\} 1$/m);
  });

  it('are open on a port of their own, and then there alone', async () => {
    const port = await freePort();
    const { url, apiKey } = await started({ CLARION_METRICS_PORT: String(port) });
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toMatch(/^clarion_log_head /m);
    expect((await fetch(`http://127.0.0.1:${port}/v1/notifications`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${apiKey}` } })).status).toBe(404);
  });
});

describe('requests', () => {
  it('have an id, in the answer and in the log, which shows no query', async () => {
    const server = await started({ CLARION_LOG_LEVEL: 'debug' });
    const answer = await fetch(`${server.url}/v1/notifications?topic=a&access_token=hush`);
    const id = answer.headers.get('x-request-id');
    expect(id).toMatch(/^[\da-f-]{36}$/);
    await server.kill('SIGTERM');
    const line = server.logs.find((text) => text.includes('"msg":"request"') && text.includes(`"requestId":"${id}"`));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ method: 'GET', path: '/v1/notifications', status: answer.status });
    expect(server.logs.join('\n')).not.toContain('hush');
  });
});

describe('npm start', () => {
  const start = async (env: Record<string, string> = {}, cwd = process.cwd()) => {
    const port = await freePort();
    const running = new Running(process.execPath, ['.tasks/start.mjs'], {
      cwd,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: String(port),
        CLARION_DATA_DIR: folder,
        ...env,
      },
    });
    return { running, port };
  };

  it.skipIf(!has('curl'))('prints commands that work when pasted', async () => {
    const { running } = await start();
    await running.saw(/"msg":"listening"/);
    const [, listen = ''] = await running.saw(/^\s*(curl -N .*)$/m);
    const [, publish = ''] = await running.saw(/^\s*(curl (?!-N).*)$/m);
    const listener = new Running('sh', ['-c', listen]);
    await listener.saw(/event: ready/);
    expect(spawnSync('sh', ['-c', publish], { encoding: 'utf8' }).stdout).toMatch(/"cursor":/);
    await listener.saw(/"title":"Hello"/);
  });

  it('prints the page with the key that it keeps for its owner alone', async () => {
    const { running, port } = await start();
    const [, key = ''] = await running.saw(/#key=([\w-]+)/);
    await running.saw(new RegExp(`http://localhost:${port}/#key=`));
    const kept: unknown = JSON.parse(await readFile(join(folder, 'credentials.json'), 'utf8'));
    expect(kept).toMatchObject({ apiKey: key });
    expect((await stat(join(folder, 'credentials.json'))).mode & 0o077).toBe(0);
  });

  it('does nothing that was done before', async () => {
    const { running } = await start();
    await running.saw(/"msg":"listening"/);
    expect(running.output).not.toMatch(/Installing|Building/);
  });

  // Seconds are judged where nothing else runs.
  it.runIf(LONG)('is ready again in under 2 s', async () => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const from = performance.now();
      const { running } = await start();
      await running.saw(/"msg":"listening"/);
      times.push(performance.now() - from);
      await running.end();
    }
    expect(times.toSorted((a, b) => a - b)[2]).toBeLessThan(2_000);
  });

  it.skipIf(!has('git'))(
    'installs and builds in a fresh clone',
    async () => {
      const clone = join(folder, 'clone');
      const { status, stderr } = spawnSync('git', ['clone', '--quiet', '--depth=1', `file://${process.cwd()}`, clone], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const port = await freePort();
      const running = new Running('npm', ['start'], {
        cwd: clone,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PORT: String(port) },
      });
      await running.saw(/"msg":"listening"/);
      expect(running.output).toMatch(/Installing packages[^]*Building/);
      expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
      await running.end();
    },
    300_000,
  );
});
