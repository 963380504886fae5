import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const FILE = 'sw.js';

/** The service worker, read once. */
export class WorkerAsset {
  readonly content: Buffer;
  /** Strong, of the content (RFC 9110 §8.8.3). */
  readonly etag: string;

  private constructor(content: Buffer) {
    this.content = content;
    this.etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  }

  /** @throws {Error} `ENOENT` when it is missing. */
  static async load(): Promise<WorkerAsset> {
    return new WorkerAsset(await readFile(workerPath()));
  }
}

/** In the clone, seen from the build, which is never stale; else the copy in the build, which is also where it lies when this runs from source. */
function workerPath(): string {
  const inClone = fileURLToPath(new URL(`../../../../libs/web-push/assets/${FILE}`, import.meta.url));
  return existsSync(inClone) ? inClone : fileURLToPath(new URL(`../assets/${FILE}`, import.meta.url));
}
