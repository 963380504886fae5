import { describe, expect, it } from 'vitest';
import { proveDurability } from './durability-proof.js';
import type { PublishRecord } from './records.js';
import { parseTrace } from './system-calls.js';

const WAL = '/data/clarion.db-wal';

function hex(text: string | Buffer): string {
  return [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function file(path: string): string {
  return `18<${hex(path)}>`;
}

/** The lines that strace writes around one publish by a sound server: thread 1 has the sockets, thread 2 the file. */
const read = (key: string) => `1  read(21<socket:[77]>, "${hex(`POST … {"data":{"key":"${key}"}}`)}", 65536) = 300`;
const frame = (path: string, commits: boolean) =>
  `2  pwrite64(${file(path)}, "${hex(Buffer.concat([Buffer.alloc(7), Buffer.from([Number(commits)]), Buffer.alloc(16)]))}", 24, 32) = 24`;
const page = (path: string, text: string) => `2  pwrite64(${file(path)}, "${hex(`page ${text}`)}", 4096, 56) = 4096`;
const row = (key: string) => `{"key":"${key}"}`;
const syncBegins = (path: string) => `2  fdatasync(${file(path)} <unfinished ...>`;
const syncEnds = (result = '0') => `2  <... fdatasync resumed>)       = ${result}`;
const answer = (id: string) => `1  write(21<socket:[77]>, "${hex(`HTTP/1.1 201 … {"id":"${id}"}`)}", 500) = 500`;

function publish(serial: number): PublishRecord {
  const acknowledged = { id: `n-${serial}`, cursor: 'c', at: 2 };
  return { key: `p#${serial}`, publisher: 'p', serial, topics: ['t'], startedAt: 1, attempts: 1, acknowledged };
}

function judge(lines: readonly string[], publishes = [publish(1)]): string[] {
  return proveDurability(parseTrace(`${lines.join('\n')}\n`), publishes).unproven.map(
    ({ key, why }) => `${key} ${why}`,
  );
}

const SOUND = [
  read('p#1'),
  frame(WAL, false),
  page(WAL, row('p#1')),
  frame(WAL, true),
  page(WAL, ''),
  syncBegins(WAL),
  syncEnds(),
  answer('n-1'),
];

/** The sound trace with its lines in another order, by their places, or some left out. */
function reordered(...places: number[]): string[] {
  return places.map((place) => SOUND[place] ?? '');
}

describe('the proof that a 201 means on disk', () => {
  it('accepts a sync that began after the commit and ended before the answer', () => {
    expect(judge(SOUND)).toEqual([]);
  });

  it('accepts other threads, signals and exits between the lines', () => {
    expect(
      judge(
        SOUND.flatMap((line) => [
          line,
          '3  read(5<pipe:[9]>, "\\x21", 1) = 1',
          '4  +++ exited with 0 +++',
          '1  --- SIGCHLD {} ---',
        ]),
      ),
    ).toEqual([]);
  });

  it('counts one sync under several publishes once', () => {
    const lines = [
      read('p#1'),
      read('p#2'),
      frame(WAL, true),
      page(WAL, row('p#1') + row('p#2')),
      syncBegins(WAL),
      syncEnds(),
      answer('n-1'),
      answer('n-2'),
    ];
    expect(proveDurability(parseTrace(lines.join('\n')), [publish(1), publish(2)])).toEqual({ unproven: [], syncs: 1 });
  });

  it.for<[string, string[], string]>([
    ['there was no sync, as with synchronous=OFF', reordered(0, 1, 2, 3, 4, 7), 'not synced'],
    ['the answer came before the sync ended', reordered(0, 1, 2, 3, 4, 5, 7, 6), 'answered too early'],
    ['the sync began before the commit was written', reordered(0, 1, 2, 5, 3, 4, 6, 7), 'not synced'],
    ['the sync was of the commit before', reordered(5, 6, 0, 1, 2, 3, 4, 7), 'not synced'],
    ['the sync ended before the request', reordered(1, 2, 3, 4, 5, 6, 0, 7), 'not in the log file'],
    ['the transaction was not committed', reordered(0, 1, 2, 5, 6, 7), 'not committed'],
    ['the sync failed', SOUND.with(6, syncEnds('-1 EIO (Input/output error)')), 'not synced'],
    ['the trace ends within the sync', [...reordered(0, 1, 2, 3, 4, 7), syncBegins(WAL)], 'not synced'],
    ['another file was synced', SOUND.with(5, syncBegins('/data/clarion.db')), 'not synced'],
    ['only the database was written', SOUND.with(2, page('/data/clarion.db', row('p#1'))), 'not in the log file'],
    ['the answer was never written', reordered(0, 1, 2, 3, 4, 5, 6), 'answer not seen'],
    ['the request was never read', reordered(1, 2, 3, 4, 5, 6, 7), 'request not seen'],
    ['another request was served', [read('p#11'), ...SOUND.slice(1)], 'request not seen'],
  ])('sees that %s', ([, lines, why]) => {
    expect(judge(lines)).toEqual([`p#1 ${why}`]);
  });

  it('refuses a trace that it does not understand', () => {
    expect(() => parseTrace('1  strange line')).toThrow('line 1 of the trace is unreadable');
  });
});
