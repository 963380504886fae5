import { hash, randomBytes } from 'node:crypto';

/** Known to scanners for leaked secrets, and to whoever finds a key in a file. */
const PREFIX = 'ck_';
const ID_BYTES = 8;
/** 256 bits: nobody guesses them, so that one round of SHA-256 is enough to keep them by. */
const SECRET_BYTES = 32;

const ID_END = PREFIX.length + 2 * ID_BYTES;
const KEY_CHARS = ID_END + 1 + Math.ceil((SECRET_BYTES * 4) / 3);

/** The public name of a new key: 16 hex digits. */
export function newKeyId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

/** A new key as its holder sends it: `ck_<id>_<secret>`, 63 characters of base64url and `_`. */
export function newKeyText(id: string): string {
  return `${PREFIX}${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** The id in what has the form of such a key; undefined for everything else. */
export function keyIdIn(credential: string): string | undefined {
  if (credential.length !== KEY_CHARS || !credential.startsWith(PREFIX) || credential[ID_END] !== '_') return undefined;
  return credential.slice(PREFIX.length, ID_END);
}

/** Digests have one length, so that comparing them takes the same time for every key. */
export function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
