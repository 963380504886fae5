import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeCertificate, type CertificateFiles } from '../../test/support/certificate.js';
import { Certificate, validUntil, type CertificateObserver } from './certificate.js';

let directory: string;
let files: CertificateFiles;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clarion-certificate-'));
  files = makeCertificate(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const observe = () => ({
  changed: vi.fn<CertificateObserver['changed']>(),
  failed: vi.fn<CertificateObserver['failed']>(),
});

it('is read, and says until when it is good', async () => {
  const certificate = await Certificate.load(files);
  const days = (Date.parse(validUntil(certificate.pair)) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(1.9);
  expect(days).toBeLessThan(2.1);
});

it('tells of another pair once, and of the same files never', async () => {
  const certificate = await Certificate.load(files);
  const observer = observe();
  await certificate.look(observer);
  makeCertificate(directory);
  await certificate.look(observer);
  await certificate.look(observer);
  expect(observer.changed).toHaveBeenCalledOnce();
  expect(observer.failed).not.toHaveBeenCalled();
});

it('keeps the good pair while the files hold a bad one, complains once, and takes the next good one', async () => {
  const certificate = await Certificate.load(files);
  const { pair } = certificate;
  const observer = observe();
  await rm(files.key);
  await certificate.look(observer);
  await certificate.look(observer);
  expect(certificate.pair).toBe(pair);
  expect(observer.failed.mock.calls).toMatchObject([
    [{ file: 'key', message: `${files.key} cannot be read (ENOENT)` }],
  ]);
  makeCertificate(directory);
  await certificate.look(observer);
  expect(observer.changed).toHaveBeenCalledExactlyOnceWith(certificate.pair);
  expect(certificate.pair).not.toBe(pair);
});

it('is not taken when a file is not what it should be', async () => {
  const other = makeCertificate(directory, 'other');
  const nothing = join(directory, 'nothing');
  await writeFile(nothing, '');
  const load = (cert: string, key: string) => Certificate.load({ cert, key });
  await expect(load(nothing, files.key)).rejects.toThrow('is no certificate in PEM form');
  await expect(load(files.cert, nothing)).rejects.toThrow('is no private key in PEM form without a passphrase');
  await expect(load(files.cert, other.key)).rejects.toThrow('does not belong to the certificate');
});
