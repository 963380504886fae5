// `npm run bench`: the load generator, on a build that is up to date; arguments go to it.
import { buildIfStale, installPackages, requireNode } from './setup.mjs';

requireNode();
installPackages();
buildIfStale();
await import('../dist/bench/main.js');
