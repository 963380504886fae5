import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { DRIVERS } from '../app.module.js';
import { configReference } from './reference.js';

it('the reference of all variables is what the schemas say; else run `npm run docs:config`', async () => {
  const written = await readFile(new URL('README.md', import.meta.url), 'utf8');
  expect(written).toBe(await configReference(DRIVERS));
});

it('names the variables of the application, the libraries and the drivers', async () => {
  const reference = await configReference(DRIVERS);
  for (const name of ['PORT', 'CLARION_API_KEY', 'CLARION_HEARTBEAT_MS', 'CLARION_SQLITE_READERS'])
    expect(reference.match(new RegExp(`^\\| \`${name}\` `, 'gm'))).toHaveLength(1);
});
