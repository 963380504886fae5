// `npm run conformance:server`: compiles the conformance application against the build, and becomes it.
import { join } from 'node:path';
import { buildIfStale, installPackages, requireNode, root, run } from '../../.tasks/setup.mjs';

requireNode();
installPackages();
buildIfStale();
run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'test/conformance/tsconfig.json']);
await import('../../.tmp/conformance/conformance/main.js');
