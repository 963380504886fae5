import { expect, it } from 'vitest';
import { checkVapid } from '../../../test/support/vapid-check.js';
import { VapidHeaders } from './vapid-headers.js';
import { isKeyPair, isPrivateKey, isPublicKey, makeVapidKeys } from './vapid-keys.js';

const HOUR_MS = 3_600_000;
const keys = makeVapidKeys();

it('signs once for each origin and six hours, and what it gives is good for six hours more', () => {
  const headers = new VapidHeaders(keys, 'mailto:ops@example.com');
  const now = Date.now();
  const first = headers.for('https://a.example', now);
  expect(headers.for('https://a.example', now + 5.9 * HOUR_MS)).toBe(first);
  expect(headers.for('https://b.example', now)).not.toBe(first);
  const second = headers.for('https://a.example', now + 6 * HOUR_MS);
  expect(second).not.toBe(first);
  expect(checkVapid(first, 'https://a.example', now + 11.9 * HOUR_MS).publicKey).toBe(keys.publicKey);
  // After the clock was put back what is good for more than a day would be refused.
  const back = headers.for('https://a.example', now - 20 * HOUR_MS);
  expect(checkVapid(back, 'https://a.example', now - 20 * HOUR_MS).claims.aud).toBe('https://a.example');
});

it('keeps no more origins than it may', () => {
  const headers = new VapidHeaders(keys, 'mailto:ops@example.com', 2);
  const now = Date.now();
  const [first, , third] = [0, 1, 2].map((i) => headers.for(`https://${i}.example`, now));
  expect(headers.for('https://2.example', now)).toBe(third);
  expect(headers.for('https://0.example', now)).not.toBe(first);
});

it('makes keys that are keys, and knows those that are none', () => {
  expect([isPublicKey(keys.publicKey), isPrivateKey(keys.privateKey), isKeyPair(keys)]).toEqual([true, true, true]);
  expect(isKeyPair({ ...makeVapidKeys(), privateKey: keys.privateKey })).toBe(false);
  for (const none of ['', keys.privateKey, `${keys.publicKey}=`, `B${'A'.repeat(86)}`, `C${keys.publicKey.slice(1)}`])
    expect(isPublicKey(none), none).toBe(false);
  const [zero, order] = [Buffer.alloc(32), Buffer.alloc(32, 0xff)].map((bytes) => bytes.toString('base64url'));
  for (const none of ['', keys.publicKey, zero ?? '', order ?? '', `${keys.privateKey}=`])
    expect(isPrivateKey(none), none).toBe(false);
});
