// `npm run bench`: the load generator, on a build that is up to date; arguments go to it.
import { buildIfStale, installPackages, requireNode } from './setup.mjs';
import { installCompetitors } from './system-packages.mjs';

requireNode();
installPackages();
// What is missing all the same is named in the report.
installCompetitors();
buildIfStale();
await import('../dist/bench/main.js');
