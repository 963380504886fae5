// `npm start`: makes this clone runnable where it is not, then becomes the server, so that signals reach it.
import { buildIfStale, installPackages, requireNode } from './setup.mjs';

requireNode();
installPackages();
buildIfStale();
await import('../dist/src/main.js');
