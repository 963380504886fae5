import { writeFile } from 'node:fs/promises';
import { DRIVERS } from '../app.module.js';
import { configReference } from './reference.js';

await writeFile('src/config/README.md', await configReference(DRIVERS));
