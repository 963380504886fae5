// `npm test`: its own set-up, a clean build, every check, every test; `--long` runs the tests in their full length.
// Names of steps as arguments run those alone, on a build that is only refreshed: `npm test -- lint unit`.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildIfStale, installPackages, requireNode, root } from './setup.mjs';
import { installPrograms } from './system-packages.mjs';

const started = performance.now();
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const long = process.argv.includes('--long');
const environment = { ...process.env, ...(long && { CLARION_TEST_LONG: '1' }), NODE_ENV: 'test', FORCE_COLOR: '0' };
const reports = join(root, '.tmp', 'reports');

/** What TypeScript checks: the server, and what browsers run as it is. */
const PROJECTS = [
  'tsconfig.json',
  'libs/console/assets/jsconfig.json',
  'libs/web-push/assets/jsconfig.json',
  'examples/many-tabs/jsconfig.json',
  'examples/chat/jsconfig.json',
];

/** What looks at the sources alone, and so goes on while they are compiled. */
const UNBUILT = {
  format: () => check('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  lint: () => check('oxlint/bin/oxlint', ['--quiet']),
};

/** What needs the build and has one thread each: two at once. What takes longest begins first. */
const SINGLE = {
  unit: () => suite('unit'),
  types: async () => {
    const counts = [];
    for (const project of PROJECTS) counts.push(await check('typescript/bin/tsc', ['--noEmit', '-p', project]));
    return together(counts);
  },
  arrows: () =>
    check('dependency-cruiser/bin/dependency-cruise.mjs', ['--config', '.dependency-cruiser.cjs', ...cruised()]),
  unused: () => check('knip/bin/knip.js', []),
};

/** What fills the machine by itself, one after the other. */
const WIDE = {
  contract: () => suite('contract'),
  e2e: () => suite('e2e'),
};

/** What mostly waits, for browsers or for servers that start again, and does not judge how long: side by side. */
const WAITING = {
  browser: () => suite('browser'),
  crashes: () => suite('crashes'),
};

/** What judges the load, and so must be alone. */
const ALONE = {
  chaos: () => suite('chaos'),
};

requireNode();
const names = [UNBUILT, SINGLE, WIDE, WAITING, ALONE].flatMap(Object.keys);
const strange = wanted.filter((name) => !names.includes(name));
if (strange.length > 0) {
  console.error(`There is no step ${strange.join(', ')}; there are ${names.join(', ')}.`);
  process.exit(2);
}

installPackages();
const missing = installPrograms();
const results = [];
if (missing.length > 0) results.push(missingResult());
const built = prepareBuild();
const single = asked(SINGLE);
await Promise.all([
  built.then(() => runAll(single)),
  runAll(asked(UNBUILT)).then(() => built.then(() => runAll(single))),
]);
await runAll(asked(WIDE));
const waiting = asked(WAITING);
await Promise.all([runAll(waiting), runAll(waiting)]);
await runAll(asked(ALONE));
summarise();

/** Of these, what was asked for; each is taken once, whoever takes it. */
function asked(steps) {
  return Object.entries(steps)
    .filter(([name]) => wanted.length === 0 || wanted.includes(name))
    .values();
}

async function runAll(steps) {
  for (const [name, step] of steps) results.push(await timed(name, step));
}

/** Resolves when the build is there; where it cannot be made, this process ends. */
async function prepareBuild() {
  if (wanted.length > 0) return buildIfStale();
  console.log('Building …');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  if ((await spawnNode('.tasks/build.mjs')) !== 0) process.exit(1);
}

async function timed(name, step) {
  console.log(`\n── ${name}`);
  const from = performance.now();
  const counts = await step();
  return { name, ...counts, seconds: (performance.now() - from) / 1_000 };
}

/** A tool that judges as a whole counts as one. */
async function check(bin, args) {
  const passed = (await spawnNode(join('node_modules', bin), args)) === 0;
  return { passed: Number(passed), failed: Number(!passed), skipped: 0 };
}

function together(counts) {
  const total = (key) => counts.reduce((sum, count) => sum + count[key], 0);
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped') };
}

async function suite(project) {
  mkdirSync(reports, { recursive: true });
  const report = join(reports, `${project}.json`);
  rmSync(report, { force: true });
  const status = await spawnNode('node_modules/vitest/vitest.mjs', [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  const {
    numPassedTests = 0,
    numFailedTests = 0,
    numPendingTests = 0,
    numTodoTests = 0,
    testResults = [],
  } = readReport(report);
  // A file that could not even be loaded, or an error outside of every test, has no failed test to show.
  const failed = numFailedTests || Number(status !== 0);
  return {
    passed: numPassedTests,
    failed,
    skipped: numPendingTests + numTodoTests,
    failures: testResults.flatMap(failuresOf),
  };
}

/** What failed in one file of tests, in words; the file itself when it could not be loaded. */
function failuresOf({ name, message, assertionResults }) {
  const file = relative(root, name);
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return message ? [`${file}\n${message}`] : [];
  return failed.map(({ fullName, failureMessages }) => `${file} > ${fullName}\n${failureMessages.join('\n')}`);
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`Vitest left no report: ${error.message}`);
    return {};
  }
}

/** @returns the exit code; null: it was ended by a signal. */
function spawnNode(file, args = []) {
  const child = spawn(process.execPath, [join(root, file), ...args], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
}

/** A machine that checks everything must have everything; elsewhere the tests in need skip themselves, and are counted. */
function missingResult() {
  console.log(`\nNot on this machine: ${missing.join(', ')}`);
  const inCi = Boolean(process.env.CI);
  return {
    name: 'programs',
    passed: 0,
    failed: inCi ? missing.length : 0,
    skipped: inCi ? 0 : missing.length,
    seconds: 0,
  };
}

function cruised() {
  return ['src', 'libs', 'test', 'bench', 'examples'].filter((folder) => existsSync(join(root, folder)));
}

function summarise() {
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  // Once more at the end: of a long output often only the end is kept.
  for (const { name, failures = [] } of results)
    for (const failure of failures) console.log(`\n── failed: ${name}: ${failure}`);
  console.log('\n── summary');
  for (const { name, passed, failed, skipped, seconds } of results) {
    const cells = [
      name.padEnd(10),
      `${passed} passed`.padStart(12),
      `${failed} failed`.padStart(11),
      `${skipped} skipped`.padStart(12),
    ];
    console.log(`${cells.join('')}${`${seconds.toFixed(1)} s`.padStart(10)}`);
  }
  console.log(`${total('skipped')} skipped, ${((performance.now() - started) / 1_000).toFixed(0)} s in all`);
  console.log(`${total('passed')} passed, ${total('failed')} failed`);
  process.exitCode = total('failed') === 0 ? 0 : 1;
}
