import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** PEM files of a certificate for `localhost` and `127.0.0.1`, and of its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Makes one that is signed by itself, so that nobody but a test believes it; good for two days. */
export function makeCertificate(directory: string, name = 'tls'): CertificateFiles {
  const files = { cert: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) };
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const output = ['-keyout', files.key, '-out', files.cert];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const made = spawnSync('openssl', ['req', '-x509', ...kind, ...subject, ...output], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  return files;
}
