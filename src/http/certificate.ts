import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** How often the files are looked at. Milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** A certificate with its chain and the key that belongs to it, as PEM. */
export interface CertificatePair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Where the two files are. */
export interface CertificatePaths {
  readonly cert: string;
  readonly key: string;
}

/** What became of a look at the files. */
export interface CertificateObserver {
  /** There is another pair, and it fits. */
  changed(pair: CertificatePair): void;
  /** There is another pair that cannot be used; said once of each. The pair of before stays good. */
  failed(reason: CertificateError): void;
}

/** Why a pair cannot be used. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';

  constructor(
    /** Which of the two files it is about. */
    readonly file: 'cert' | 'key',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Two files that others replace when a certificate is renewed: in place, by renaming (certbot), or by a symbolic link to their folder
 * (Kubernetes). Their contents are compared, so that it does not matter how, and no watch is lost with a folder.
 */
export class Certificate {
  readonly #paths: CertificatePaths;
  #pair: CertificatePair;
  #refused: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(paths: CertificatePaths, pair: CertificatePair) {
    this.#paths = paths;
    this.#pair = pair;
  }

  /** @throws {CertificateError} when a file cannot be read, or the two do not belong together. */
  static async load(paths: CertificatePaths): Promise<Certificate> {
    return new Certificate(paths, await readPair(paths));
  }

  /** The last one that was good. */
  get pair(): CertificatePair {
    return this.#pair;
  }

  /** Looks every 5 s whether there is another one, until {@link stop}; keeps no process alive. */
  watch(observer: CertificateObserver): void {
    this.#timer = setInterval(() => void this.look(observer), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks now. */
  async look(observer: CertificateObserver): Promise<void> {
    try {
      const pair = await readPair(this.#paths);
      this.#refused = undefined;
      if (pair.cert.equals(this.#pair.cert) && pair.key.equals(this.#pair.key)) return;
      this.#pair = pair;
      observer.changed(pair);
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      if (error.message === this.#refused) return;
      this.#refused = error.message;
      observer.failed(error);
    }
  }
}

/** Until when it is good, in the words of the certificate. */
export function validUntil({ cert }: CertificatePair): string {
  return new X509Certificate(cert).validTo;
}

async function readPair({ cert, key }: CertificatePaths): Promise<CertificatePair> {
  const pair = { cert: await read('cert', cert), key: await read('key', key) };
  check('cert', 'is no certificate in PEM form', () => new X509Certificate(pair.cert));
  check('cert', 'is no certificate in PEM form', () => createSecureContext({ cert: pair.cert }));
  check('key', 'is no private key in PEM form without a passphrase', () => createSecureContext({ key: pair.key }));
  check('key', 'does not belong to the certificate', () => createSecureContext(pair));
  return pair;
}

async function read(file: 'cert' | 'key', path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CertificateError(file, `${path} cannot be read (${code})`);
  }
}

/** The library's own words (`error:0909006C:PEM routines:…`) help nobody. */
function check(file: 'cert' | 'key', complaint: string, attempt: () => unknown): void {
  try {
    attempt();
  } catch {
    throw new CertificateError(file, complaint);
  }
}
