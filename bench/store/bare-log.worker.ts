import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { z } from 'zod';
import type { BareBatch } from './bare-log.js';

const database = new Database(z.string().parse(workerData));
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
database.exec('CREATE TABLE entries (offset INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL)');
const insert = database.prepare('INSERT INTO entries (id, body) VALUES (?, ?)');

parentPort?.on('message', ({ rows }: BareBatch) => {
  database.exec('BEGIN IMMEDIATE');
  for (const row of rows) insert.run([...row]);
  database.exec('COMMIT');
  answer();
});
answer();

/** Says that the table is there, or that the batch is on disk. */
function answer(): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
  parentPort?.postMessage('done');
}
