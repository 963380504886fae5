import { createECDH, ECDH } from 'node:crypto';
import webPush from 'web-push';
import type { VapidKeys } from '#clarion/notifications';

const CURVE = 'prime256v1';
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** A new pair for RFC 8292. */
export function makeVapidKeys(): VapidKeys {
  return webPush.generateVAPIDKeys();
}

/** Whether it is an uncompressed point of P-256 in base64url. Services and browsers take no other; one beside the curve gives keys away. */
export function isPublicKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64url');
  return BASE64URL.test(text) && bytes.length === 65 && bytes[0] === 4 && isOnCurve(bytes);
}

/** Whether it is 32 bytes in base64url, and one of the curve's private keys. */
export function isPrivateKey(text: string): boolean {
  return BASE64URL.test(text) && Buffer.from(text, 'base64url').length === 32 && publicKeyOf(text) !== undefined;
}

/** Precondition: each is a key. */
export function isKeyPair({ publicKey, privateKey }: VapidKeys): boolean {
  return publicKeyOf(privateKey)?.equals(Buffer.from(publicKey, 'base64url')) === true;
}

function publicKeyOf(privateKey: string): Buffer | undefined {
  const ecdh = createECDH(CURVE);
  try {
    ecdh.setPrivateKey(Buffer.from(privateKey, 'base64url'));
    return ecdh.getPublicKey();
  } catch {
    return undefined; // 0, or not below the order of the curve.
  }
}

function isOnCurve(point: Buffer): boolean {
  try {
    ECDH.convertKey(point, CURVE);
    return true;
  } catch {
    return false;
  }
}
