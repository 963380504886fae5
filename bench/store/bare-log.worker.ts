import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { z } from 'zod';
import type { BareBatch } from './bare-log.js';

const database = new Database(z.string().parse(workerData));
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
database.exec('CREATE TABLE entries (offset INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL)');
const insert = database.prepare('INSERT INTO entries (id, body) VALUES (?, ?)');

parentPort?.on('message', (batch: BareBatch) => {
  database.exec('BEGIN IMMEDIATE');
  for (const row of batch) insert.run([...row]);
  database.exec('COMMIT');
  parentPort?.postMessage(null);
});
parentPort?.postMessage(null);
