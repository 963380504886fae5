import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';

/** What a browser keeps of its subscription. */
export interface ReceiverKeys {
  /** 32 bytes. */
  readonly privateKey: Buffer;
  /** An uncompressed point: 65 bytes. */
  readonly publicKey: Buffer;
  /** 16 bytes. */
  readonly auth: Buffer;
}

export function makeReceiverKeys(): ReceiverKeys {
  const ecdh = createECDH('prime256v1');
  const publicKey = ecdh.generateKeys();
  const privateKey = Buffer.alloc(32);
  const made = ecdh.getPrivateKey();
  made.copy(privateKey, 32 - made.length);
  return { privateKey, publicKey, auth: randomBytes(16) };
}

const TAG_BYTES = 16;

/**
 * Decrypts a push as a browser does, by the letter of RFC 8291 §3.4 and RFC 8188 §2, with nothing but Node's primitives.
 * @throws {Error} when anything of it is not as it must be.
 */
export function decryptPush(body: Buffer, { privateKey, publicKey, auth }: ReceiverKeys): Buffer {
  const salt = body.subarray(0, 16);
  const recordSize = body.readUInt32BE(16);
  const keyId = body.subarray(21, 21 + body.readUInt8(20));
  const record = body.subarray(21 + keyId.length);
  if (keyId.length !== 65) throw new Error(`the key of the sender has ${keyId.length} bytes`);
  // RFC 8291 §4: one record, and no more.
  if (record.length > recordSize) throw new Error('there is more than one record');

  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(privateKey);
  const secret = ecdh.computeSecret(keyId);
  const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), publicKey, keyId]);
  const input = derive(secret, auth, keyInfo, 32);
  const key = derive(input, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(input, salt, Buffer.from('Content-Encoding: nonce\0'), 12);

  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-TAG_BYTES));
  return unpadded(Buffer.concat([decipher.update(record.subarray(0, -TAG_BYTES)), decipher.final()]));
}

/** RFC 8188 §2: zeros, and before them a 2, since the record is the last. */
function unpadded(padded: Buffer): Buffer {
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (padded[end] !== 2) throw new Error('the padding is not that of a last record');
  return padded.subarray(0, end);
}

function derive(input: Buffer, salt: Buffer, info: Buffer, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', input, salt, info, bytes));
}
