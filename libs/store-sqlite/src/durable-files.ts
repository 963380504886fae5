import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What SQLite may leave beside a database, after its name. */
export const COMPANIONS = ['-journal', '-wal', '-shm'] as const;

/** Gives a finished file its name, replacing what had it: at every moment one of the two is there, whole, also after a power cut. */
export function putInPlace(draft: string, file: string): void {
  syncPath(draft, 'r+');
  renameSync(draft, file);
  syncDirectory(dirname(file));
}

/** Makes names given, changed and removed in a directory outlast a power cut. */
export function syncDirectory(directory: string): void {
  syncPath(directory, 'r');
}

/** Removes a database that is not wanted, and what SQLite left beside it; does nothing where there is none. */
export function removeDatabase(file: string): void {
  for (const path of [file, ...COMPANIONS.map((companion) => `${file}${companion}`)]) rmSync(path, { force: true });
}

/** Whether both names mean one file that exists, by whatever path. */
export function isSameFile(one: string, other: string): boolean {
  if (!existsSync(one) || !existsSync(other)) return false;
  const [a, b] = [statSync(one), statSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

function syncPath(path: string, flags: 'r' | 'r+'): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
