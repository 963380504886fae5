import { z } from 'zod';
import { nodeProgram, type NodeProgramOptions, type ServerProgram } from './server-program.js';

export const API_KEY = 'bench-key-with-every-right-0123456789';

/** Clarion with its default settings, and these besides. */
export function clarionProgram({ env = () => ({}), nodeArgs = [] }: NodeProgramOptions = {}): ServerProgram {
  return nodeProgram('src/main.js', {
    nodeArgs,
    env: (dataDir) => ({
      HOST: '127.0.0.1',
      CLARION_DATA_DIR: dataDir,
      CLARION_API_KEY: API_KEY,
      CLARION_TOKEN_SECRET: 'bench-secret-that-signs-tokens-0123456789',
      ...env(dataDir),
    }),
  });
}

/**
 * A token with which this person may read what the selectors match, for an hour.
 * @throws {Error} when the server does not give it.
 */
export async function mintToken(port: number, sub: string, subscribe: readonly string[]): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sub, subscribe, ttl: 3_600 }),
  });
  if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
  return z.object({ token: z.string() }).parse(await response.json()).token;
}
