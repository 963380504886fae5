// `npm run backup -- <file>`: a copy of the database, also while the server runs.
import { buildIfStale, installPackages, requireNode } from './setup.mjs';

requireNode();
installPackages();
buildIfStale();
await import('../dist/src/backup.js');
