// Programs that tests start for themselves; they come from the system's packages.
import { spawnSync } from 'node:child_process';

/** Program → Debian package. */
const PROGRAMS = { chromium: 'chromium', haproxy: 'haproxy', nginx: 'nginx', openssl: 'openssl', strace: 'strace' };
const ATTEMPTS = 3;
/** Debian keeps servers where only root looks by default. */
const PATH = `${process.env.PATH}:/usr/sbin`;

/** Installs what is missing where that is possible; returns the programs that are still missing. */
export function installPrograms() {
  const missing = missingPrograms();
  if (missing.length === 0 || !canInstall()) return missing;
  const packages = missing.map((program) => PROGRAMS[program]);
  console.log(`Installing system packages: ${packages.join(', ')} …`);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { ok, output } = aptInstall(packages);
    if (ok) break;
    console.log(`Attempt ${attempt} of ${ATTEMPTS} failed:\n${output}`);
  }
  return missingPrograms();
}

function missingPrograms() {
  const env = { ...process.env, PATH };
  return Object.keys(PROGRAMS).filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`], { env }).status !== 0,
  );
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
