import { closeSync, mkdirSync, openSync } from 'node:fs';

/** Makes the directory and its missing parents, open to the owner alone. One that exists is left as it is. */
export function createPrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/**
 * Makes an empty file for the owner alone; SQLite gives its WAL the same mode. One that exists is not even opened: closing it again
 * would release the locks that SQLite holds on it in this process.
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!isExisting(error)) throw error;
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
