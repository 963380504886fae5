import { ConfigError } from './config/config-error.js';
import type { ServerConfig } from './config/server.config.js';
import { Certificate, CertificateError, validUntil } from './http/certificate.js';
import type { SecureServer } from './http/secure-server.js';
import type { JsonLogger } from './logging/json-logger.js';

const VARIABLE_OF = { cert: 'CLARION_TLS_CERT', key: 'CLARION_TLS_KEY' } as const;

/**
 * The certificate that was configured, if any.
 * @throws {ConfigError} naming the variable of the file that is wrong.
 */
export async function loadCertificate({ tlsCert, tlsKey }: ServerConfig): Promise<Certificate | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  try {
    return await Certificate.load({ cert: tlsCert, key: tlsKey });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new ConfigError([{ env: VARIABLE_OF[error.file], detail: error.message }]);
  }
}

/**
 * Has the server use renewed pairs for connections to come, and says so; one that cannot be used is an error in the log, and the old one
 * stays. Also at SIGHUP, for those who do not want to wait the seconds.
 */
export function followCertificate(certificate: Certificate, server: SecureServer, logger: JsonLogger): void {
  const announce = (): void => logger.write('info', { validUntil: validUntil(certificate.pair) }, 'certificate in use');
  const observer = {
    changed: () => {
      server.renew(certificate.pair);
      announce();
    },
    failed: ({ file, message }: CertificateError) =>
      logger.write(
        'error',
        { variable: VARIABLE_OF[file], reason: message },
        'a new certificate cannot be used; the old one stays',
      ),
  };
  announce();
  certificate.watch(observer);
  process.on('SIGHUP', () => void certificate.look(observer));
}
