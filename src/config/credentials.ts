import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const credentialsSchema = z.strictObject({ apiKey: z.string().min(16), tokenSecret: z.string().min(32) });

/** The bootstrap key and the token secret that a first start outside production makes for itself. */
export type Credentials = Readonly<z.infer<typeof credentialsSchema>>;

/** Where they are kept. */
export function credentialsPath(dataDir: string): string {
  return join(dataDir, 'credentials.json');
}

/** 256 random bits each, in base64url. */
export function makeCredentials(): Credentials {
  return { apiKey: randomBytes(32).toString('base64url'), tokenSecret: randomBytes(32).toString('base64url') };
}

/**
 * What an earlier start kept, or undefined when there was none.
 * @throws {Error} when the file is there and cannot be used: making new ones would void every token that was given out.
 */
export async function readCredentials(dataDir: string): Promise<Credentials | undefined> {
  const path = credentialsPath(dataDir);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${path} cannot be read`, { cause: error });
  }
  const parsed = z.safeParse(jsonSchema.pipe(credentialsSchema), text);
  if (!parsed.success)
    throw new Error(`${path} is damaged: remove it to have new credentials made, which voids the old ones`);
  return parsed.data;
}

/** Keeps them for later starts, readable by their owner alone; whole or not at all. */
export async function saveCredentials(dataDir: string, credentials: Credentials): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = credentialsPath(dataDir);
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
}

const jsonSchema = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' });
    return z.NEVER;
  }
});
