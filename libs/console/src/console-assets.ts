import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the page, ready to be sent. */
export interface Asset {
  readonly contentType: string;
  readonly content: Buffer;
  /** Strong, of the content (RFC 9110 §8.8.3). */
  readonly etag: string;
}

/** The name of the page itself. */
export const PAGE = 'index.html';

/** The stock Socket.IO client of the very version that the server speaks. */
const SOCKETIO_CLIENT = 'socketio-client.js';

/** Every file that is served: a name that is not here does not exist, whatever lies on the disk. */
const OWN_FILES = [
  PAGE,
  'api.js',
  'arrivals.js',
  'bell.js',
  'choice.js',
  'choices.js',
  'clarion.svg',
  'comparison.js',
  'console.css',
  'credential.js',
  'desk.js',
  'devices-view.js',
  'devices.js',
  'element.js',
  'feed.js',
  'figures.js',
  'follow-list.js',
  'inbox-list.js',
  'inbox-panel.js',
  'inbox-row.js',
  'inbox.js',
  'judge.js',
  'kept-device.js',
  'latency.js',
  'me.js',
  'notification-row.js',
  'page.js',
  'pane.js',
  'person.js',
  'poll-feed.js',
  'pop-ups.js',
  'preferences-form.js',
  'preferences.js',
  'publish-form.js',
  'publisher.js',
  'push-worker.js',
  'reader.js',
  'rereading.js',
  'selectors.js',
  'socketio-feed.js',
  'sse-feed.js',
  'starting-place.js',
  'stepping-down-feed.js',
  'times.js',
  'tokens.js',
  'transports.js',
  'verdict.js',
  'websocket-feed.js',
  'wire.js',
] as const;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files of the page, read once (about 190 kB). A lookup is one of a map: no request ever becomes a path. */
export class ConsoleAssets {
  readonly #assets: ReadonlyMap<string, Asset>;

  private constructor(assets: ReadonlyMap<string, Asset>) {
    this.#assets = assets;
  }

  /** @throws {Error} `ENOENT` when a file is missing: a server without its page does not start. */
  static async load(): Promise<ConsoleAssets> {
    const folder = assetsFolder();
    const paths = [...OWN_FILES.map((name) => [name, join(folder, name)]), [SOCKETIO_CLIENT, socketioClientPath()]];
    const assets = await Promise.all(paths.map(async ([name = '', path = '']) => [name, await read(path)] as const));
    return new ConsoleAssets(new Map(assets));
  }

  find(name: string): Asset | undefined {
    return this.#assets.get(name);
  }
}

async function read(path: string): Promise<Asset> {
  const content = await readFile(path);
  const contentType = CONTENT_TYPES[extname(path)];
  if (contentType === undefined) throw new Error(`no content type is known for ${path}`);
  return { content, contentType, etag: `"${createHash('sha256').update(content).digest('base64url')}"` };
}

/**
 * The clone's `libs/console/assets` seen from the build, `dist/libs/console/src`, which is never stale; without a clone around the
 * build (an image may hold the build alone) the copy inside it, which is also where they lie when this runs from source.
 */
function assetsFolder(): string {
  const inClone = fileURLToPath(new URL('../../../../libs/console/assets/', import.meta.url));
  return existsSync(join(inClone, PAGE)) ? inClone : fileURLToPath(new URL('../assets/', import.meta.url));
}

/** The package exports no path to its browser builds, only its own `package.json`. */
function socketioClientPath(): string {
  const manifest = createRequire(import.meta.url).resolve('socket.io/package.json');
  return join(dirname(manifest), 'client-dist', 'socket.io.esm.min.js');
}
