// `npm run restore -- <file>`: puts such a copy in the place of the database, while no server runs.
import { buildIfStale, installPackages, requireNode } from './setup.mjs';

requireNode();
installPackages();
buildIfStale();
await import('../dist/src/restore.js');
