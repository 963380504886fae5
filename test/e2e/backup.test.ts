import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EventStream } from '../support/event-stream.js';
import { Publisher } from '../support/publisher.js';
import { publish, request } from '../support/rest.js';
import { API_KEY, startServer, type TestServer } from '../support/server.js';

const PUBLISHERS = 8;
const notificationSchema = z.object({ cursor: z.string(), data: z.object({ key: z.string() }) });

let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clarion-backup-'));
  server = await startServer({ CLARION_ANONYMOUS_TOPICS: 'backed/*' }, { dataDir: join(folder, 'data') });
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly said: string;
}

/** `npm run <command> -- <args>`, without npm, in a shell that is prepared by `limit`. */
function run(
  command: 'backup' | 'restore',
  args: readonly string[],
  dataDir = server.dataDir,
  limit = ':',
): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], CLARION_DATA_DIR: dataDir, INIT_CWD: folder };
    const line = ['-c', `${limit}; exec "$@"`, 'sh', process.execPath, `dist/src/${command}.js`, ...args];
    const child = execFile('sh', line, { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, said: `${stdout}${stderr}` }),
    );
  });
}

/** Everything that a stream is told of the topic, in order, as it comes. */
async function listen(since: string): Promise<{ stream: EventStream; heard: z.infer<typeof notificationSchema>[] }> {
  const heard: z.infer<typeof notificationSchema>[] = [];
  const stream = await EventStream.open(
    `${server.url}/v1/events?topics=backed/1&since=${since}`,
    {},
    ({ event, data }) => {
      if (event === 'message') heard.push(notificationSchema.parse(data));
    },
  );
  await stream.first('ready', 1);
  return { stream, heard };
}

async function createKey(): Promise<string> {
  const { body } = await request(server, 'POST', '/v1/keys', { name: 'kept', rights: { publish: ['elsewhere/*'] } });
  return z.object({ key: z.string() }).parse(body).key;
}

async function mayPublish(apiKey: string): Promise<number> {
  const draft = { topic: 'elsewhere/1', title: 't' };
  return (await request({ url: server.url, apiKey }, 'POST', '/v1/notifications', draft)).status;
}

describe('a backup of a server that takes all it can', () => {
  /** What a witness heard of the log that was lost, in order. */
  let before: z.infer<typeof notificationSchema>[];
  let acknowledged: string[];
  let future: string;
  const keys = { before: '', after: '' };

  beforeAll(async () => {
    const witness = await listen('earliest');
    before = witness.heard;
    const end = new AbortController();
    const publishers = Array.from(
      { length: PUBLISHERS },
      (_, i) => new Publisher({ name: `p${i}`, url: server.url, apiKey: API_KEY, padBytes: 500 }),
    );
    const records = () => publishers.flatMap((publisher) => publisher.records);
    const working = publishers.map(async (publisher) => {
      while (!end.signal.aborted) await publisher.publish({ topics: ['backed/1'] });
    });
    await witness.stream.until('a log worth a backup', () => before.length > 1_000);

    acknowledged = records().flatMap((record) => (record.acknowledged === null ? [] : [record.key]));
    keys.before = await createKey();
    const { code, said } = await run('backup', ['copy.db']);
    keys.after = await createKey();
    expect([code, said]).toEqual([
      0,
      expect.stringMatching(/^Backed up \S+clarion\.db to \S+copy\.db: \d+ events, .*\n$/),
    ]);

    const made = before.length;
    await witness.stream.until('a future that the backup does not know', () => before.length > made + 200);
    end.abort();
    await Promise.all(working);
    await witness.stream.until('all', () => before.length === records().length);
    witness.stream.close();
    future = before.at(-1)?.cursor ?? '';
  });

  it('is a single file that only its owner can read', async () => {
    expect((await readdir(folder)).toSorted()).toEqual(['copy.db', 'data']);
    expect((await stat(join(folder, 'copy.db'))).mode & 0o777).toBe(0o600);
  });

  it('is refused as long as the server runs, and nothing happens', async () => {
    const { code, said } = await run('restore', ['copy.db']);
    expect([code, said]).toEqual([1, expect.stringMatching(/in use by another process/)]);
    expect(await readdir(server.dataDir)).not.toContainEqual(expect.stringMatching(/replaced|restoring/));
  });

  it('gives back everything that was acknowledged before it began, in order, and keeps what it replaces', async () => {
    await server.kill('SIGTERM');
    const { code, said } = await run('restore', ['copy.db']);
    const kept = /What was there before is kept as (\S+)\.\n$/.exec(said)?.[1] ?? '';
    expect([code, (await stat(kept)).mode & 0o777]).toEqual([0, 0o600]);
    await server.restart();

    const { stream, heard } = await listen('earliest');
    await stream.until('what was acknowledged', () => heard.length >= acknowledged.length);
    const next = await publish(server, { topic: 'backed/1', data: { key: 'next' } });
    await stream.until('the next', () => heard.at(-1)?.cursor === next.cursor);
    stream.close();
    const restored = heard.slice(0, -1);
    const kinds = new Set(restored.map(({ data }) => data.key));
    expect(acknowledged.filter((key) => !kinds.has(key))).toEqual([]);
    expect(restored).toEqual(before.slice(0, restored.length));
    expect(restored.length).toBeLessThan(before.length);
  });

  it('has the API keys that were made before it, and none that came later', async () => {
    expect([await mayPublish(keys.before), await mayPublish(keys.after)]).toEqual([201, 401]);
  });

  it('lets clients of its past go on without a loss, and tells those of the lost future', async () => {
    const past = await listen(before[100]?.cursor ?? '');
    await past.stream.until('the next', () => past.heard.at(-1)?.data.key === 'next');
    past.stream.close();
    expect(past.stream.named('gap')).toEqual([]);
    expect(past.heard.slice(0, -1)).toEqual(before.slice(101, 101 + past.heard.length - 1));

    const lost = await listen(future);
    await lost.stream.until('everything', () => lost.heard.at(-1)?.data.key === 'next');
    lost.stream.close();
    expect(lost.stream.events[0]).toMatchObject({ event: 'gap', data: { reason: 'unknown' } });
    expect(lost.heard[0]).toEqual(before[0]);
  });
});

describe('names that will not do', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['none', [], /^Name one file: npm run backup -- <file>/],
    ['two', ['a', 'b'], /^Name one file/],
    ['an option that there is not', ['a', '--force'], /--force/],
    ['a file that is there', ['copy.db'], /copy\.db is there already; --overwrite replaces it/],
    ['a folder that is not there', ['nowhere/copy.db'], /no backup was made at .*nowhere/],
    ['the database', ['data/clarion.db', '--overwrite'], /belongs to the database itself/],
    ['its WAL', ['data/clarion.db-wal', '--overwrite'], /belongs to the database itself/],
  ])('for a backup: %s', async (_, args, why) => {
    const before = await contents();
    const { code, said } = await run('backup', args);
    expect([code, said]).toEqual([1, expect.stringMatching(why)]);
    expect(said).not.toMatch(/^ {4}at /m);
    expect(await contents()).toEqual(before);
  });

  it('an earlier backup is replaced when that is asked for', async () => {
    await copyFile(join(folder, 'copy.db'), join(folder, 'again.db'));
    expect(await run('backup', ['again.db', '--overwrite'])).toMatchObject({ code: 0 });
    expect(await sha(join(folder, 'again.db'))).not.toBe(await sha(join(folder, 'copy.db')));
  });

  it('a data directory without a database', async () => {
    const { code, said } = await run('backup', ['x.db'], join(folder, 'elsewhere'));
    expect([code, said]).toEqual([1, expect.stringMatching(/there is no database at .*CLARION_DATA_DIR/)]);
    expect(await readdir(folder)).not.toContain('elsewhere');
  });

  it('a disk that is full leaves nothing behind', async () => {
    const files = (await readdir(folder)).length;
    const { code, said } = await run('backup', ['full.db'], server.dataDir, 'ulimit -f 64');
    expect([code, said]).toEqual([1, expect.stringMatching(/^no backup was made at \S+full\.db: .+\n$/)]);
    expect(await readdir(folder)).toHaveLength(files);
  });
});

describe('what is no backup', () => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = join(folder, 'present');
    await mkdir(dataDir);
    await copyFile(join(folder, 'copy.db'), join(dataDir, 'clarion.db'));
  });

  it.each<[string, (file: string) => Promise<void>, RegExp]>([
    ['nothing', async () => {}, /there is no file/],
    ['an empty file', (file) => writeFile(file, ''), /is not a database of Clarion/],
    ['a text', (file) => writeFile(file, 'x'.repeat(10_000)), /nothing was restored from .*not a database/],
    ['a database of another program', foreign, /is not a database of Clarion/],
    ['one of a later version', later, /written by a newer version/],
    ['half of one', half, /damaged|malformed/],
    ['one with a hole', holed, /damaged|malformed/],
  ])('%s is refused, and the present database is as it was', async (name, make, why) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.bad`);
    await make(file);
    const before = await sha(join(dataDir, 'clarion.db'));
    const { code, said } = await run('restore', [file], dataDir);
    expect([code, said]).toEqual([1, expect.stringMatching(why)]);
    expect(said).not.toMatch(/^ {4}at /m);
    expect((await readdir(dataDir)).filter((entry) => entry !== 'clarion.db.lock')).toEqual(['clarion.db']);
    expect(await sha(join(dataDir, 'clarion.db'))).toBe(before);
  });

  it('the database itself is refused', async () => {
    const { code, said } = await run('restore', [join(dataDir, 'clarion.db')], dataDir);
    expect([code, said]).toEqual([1, expect.stringMatching(/is the database itself/)]);
  });

  it('a database with its WAL, as a killed server leaves it, is taken with all that is in the WAL', async () => {
    const { id } = await publish(server, { topic: 'backed/1', data: { key: 'in the WAL' } });
    await server.kill('SIGKILL');
    const fresh = join(folder, 'fresh');
    expect(await run('restore', ['data/clarion.db'], fresh)).toMatchObject({ code: 0 });
    expect((await stat(fresh)).mode & 0o777).toBe(0o700);
    const database = new Database(join(fresh, 'clarion.db'));
    const found = database.prepare('SELECT count(*) FROM entries WHERE id = ?').raw(true).get([id]);
    database.close();
    expect(found).toEqual([1]);
  });
});

async function contents(): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.db'));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await sha(join(folder, name))])));
}

async function sha(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

async function foreign(file: string): Promise<void> {
  const database = new Database(file);
  database.exec('CREATE TABLE log (secret BLOB)');
  database.close();
}

async function later(file: string): Promise<void> {
  await copyFile(join(folder, 'copy.db'), file);
  const database = new Database(file);
  database.exec('PRAGMA user_version = 1000');
  database.close();
}

async function half(file: string): Promise<void> {
  await copyFile(join(folder, 'copy.db'), file);
  await truncate(file, Math.floor((await stat(file)).size / 8_192) * 4_096);
}

/** Not in the first page, which says what kind of file it is. */
async function holed(file: string): Promise<void> {
  const bytes = await readFile(join(folder, 'copy.db'));
  bytes.fill(0xff, 40_960, 409_600);
  await writeFile(file, bytes);
}
