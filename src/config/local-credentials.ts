import { credentialsPath, makeCredentials, readCredentials, saveCredentials, type Credentials } from './credentials.js';
import { ConfigError } from './config-error.js';
import type { Environment } from './section.js';

/** The environment as a start outside production completes it. */
export interface CompletedEnvironment {
  readonly environment: Environment;
  /** The file that the API key is kept in; undefined when the environment gave it. */
  readonly keyFile: string | undefined;
  /** Keeps credentials that were made for this start; nothing to do for others. */
  save(): Promise<void>;
}

/**
 * Outside production: missing credentials from the data directory, or new ones, and origins of this machine. In production the
 * environment as it is.
 * @throws {ConfigError} when kept credentials cannot be used.
 */
export async function completeEnvironment(environment: Environment): Promise<CompletedEnvironment> {
  if (environment['NODE_ENV'] === 'production') return { environment, keyFile: undefined, save: nothing };
  const local = {
    ...environment,
    CLARION_ALLOWED_ORIGINS: environment['CLARION_ALLOWED_ORIGINS'] || localOrigins(environment),
  };
  if (environment['CLARION_API_KEY'] && environment['CLARION_TOKEN_SECRET'])
    return { environment: local, keyFile: undefined, save: nothing };

  const dataDir = environment['CLARION_DATA_DIR'] || './data';
  const kept = await keptCredentials(dataDir);
  const credentials = kept ?? makeCredentials();
  return {
    environment: {
      ...local,
      CLARION_API_KEY: environment['CLARION_API_KEY'] || credentials.apiKey,
      CLARION_TOKEN_SECRET: environment['CLARION_TOKEN_SECRET'] || credentials.tokenSecret,
    },
    keyFile: environment['CLARION_API_KEY'] ? undefined : credentialsPath(dataDir),
    save: kept === undefined ? () => saveCredentials(dataDir, credentials) : nothing,
  };
}

async function keptCredentials(dataDir: string): Promise<Credentials | undefined> {
  try {
    return await readCredentials(dataDir);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConfigError([{ env: 'CLARION_DATA_DIR', detail: error.message }]);
  }
}

async function nothing(): Promise<void> {}

/** Web pages of this machine may connect as long as nobody says otherwise; with TLS those that came by it. */
function localOrigins(environment: Environment): string {
  const scheme = environment['CLARION_TLS_CERT'] ? 'https' : 'http';
  return `${scheme}://localhost:*,${scheme}://127.0.0.1:*`;
}
