// Programs that tests and the bench start for themselves; they come from the system's packages.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Program, or file, → Debian package. What tests need. */
const FOR_TESTS = {
  chromium: 'chromium',
  'firefox-esr': 'firefox-esr',
  haproxy: 'haproxy',
  nginx: 'nginx',
  openssl: 'openssl',
  slowhttptest: 'slowhttptest',
  strace: 'strace',
};
/** What the bench compares with, and does without where it is not to be had. */
const FOR_BENCH = {
  nginx: 'nginx',
  '/usr/lib/nginx/modules/ngx_nchan_module.so': 'libnginx-mod-nchan',
  'nats-server': 'nats-server',
};
/** Debian keeps servers where only root looks by default. */
const PATH = `${process.env.PATH}:/usr/sbin`;

/** Installs what tests need and is missing, where that is possible; returns the programs that are still missing. */
export function installPrograms() {
  return installAll(FOR_TESTS, 3);
}

/** The same for the servers with which the bench compares. */
export function installCompetitors() {
  return installAll(FOR_BENCH, 1);
}

function installAll(programs, attempts) {
  const missing = missingOf(programs);
  if (missing.length === 0 || !canInstall()) return missing;
  const packages = missing.map((program) => programs[program]);
  console.log(`Installing system packages: ${packages.join(', ')} …`);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { ok, output } = aptInstall(packages);
    if (ok) break;
    console.log(`Attempt ${attempt} of ${attempts} failed:\n${output}`);
  }
  return missingOf(programs);
}

function missingOf(programs) {
  return Object.keys(programs).filter((program) => !isInstalled(program));
}

function isInstalled(program) {
  if (program.startsWith('/')) return existsSync(program);
  return spawnSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH } }).status === 0;
}

function canInstall() {
  return process.getuid?.() === 0 && spawnSync('sh', ['-c', 'command -v apt-get']).status === 0;
}

function aptInstall(packages) {
  const script = 'apt-get -qq -o Acquire::Retries=3 update && apt-get -qq -y --no-install-recommends install "$@"';
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...packages], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    timeout: 300_000,
  });
  return { ok: status === 0, output: `${stdout}${stderr}`.slice(-2_000) };
}
