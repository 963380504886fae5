// What `npm start` and `npm test` need before anything else can be imported: plain Node, no dependency.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const OLDEST_NODE = [20, 19];
/** Beside the build: the hash of everything it was made from. */
const BUILD_STAMP = join(root, 'dist', '.made-from');
/** What the build is made from. */
const SOURCES = [
  'src',
  'libs',
  'bench',
  'examples',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
  'package-lock.json',
];

/** Ends the process with a clear sentence where Node is too old for the code that follows. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantMajor, wantMinor] = OLDEST_NODE;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  fail(`Clarion needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node} (https://nodejs.org).`);
}

/** Installs the packages of the lockfile unless exactly those are there. */
export function installPackages() {
  if (packagesAreCurrent()) return;
  console.log('Installing packages …');
  run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
}

/** Compiles, unless the build was made from these very sources. */
export function buildIfStale() {
  const hash = hashOfSources();
  if (existsSync(BUILD_STAMP) && readFileSync(BUILD_STAMP, 'utf8') === hash) return;
  console.log('Building …');
  build(hash);
}

/** Compiles, and copies what is not compiled (`assets` folders of libraries). */
export function build(hash = hashOfSources()) {
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  for (const library of readdirSync(join(root, 'libs'))) {
    const assets = join(root, 'libs', library, 'assets');
    if (existsSync(assets)) cpSync(assets, join(root, 'dist', 'libs', library, 'assets'), { recursive: true });
  }
  mkdirSync(dirname(BUILD_STAMP), { recursive: true });
  writeFileSync(BUILD_STAMP, hash);
}

/** Runs a command and ends this process with its output where it fails. */
export function run(command, args, options = {}) {
  const { status, error, signal } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  if (status === 0) return;
  fail(
    `${command} ${args.join(' ')} ${error ? `could not run: ${error.message}` : `failed (${signal ?? `exit code ${status}`})`}`,
  );
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** npm writes what it really installed, last of all, into a hidden lockfile; other platforms' optional packages are absent there. */
function packagesAreCurrent() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const want = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(want).every(
    ([path, { version, optional, peer }]) =>
      path === '' || have[path]?.version === version || (!have[path] && (optional || peer)),
  );
}

function hashOfSources() {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((source) => filesUnder(join(root, source)))) {
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

/** In a stable order; tests are no part of the build. */
function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => name !== 'test' && !/\.(?:spec\.ts|md)$/.test(name))
    .map(({ name }) => join(path, name))
    .toSorted()
    .flatMap(filesUnder);
}
