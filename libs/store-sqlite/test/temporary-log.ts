import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { LogFile } from '../src/log-file.js';

/** A directory that goes away with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'clarion-store-spec-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** An open log without threads, closed with the test. */
export function temporaryLog(file = join(temporaryDirectory(), 'log.db')): LogFile {
  const log = LogFile.open({ file, cacheKib: 1_024, checkpointPages: 1_000 });
  onTestFinished(() => log.close());
  return log;
}
