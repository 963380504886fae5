import { spawnSync } from 'node:child_process';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import type { Desktop } from '../support/desktop.js';

const EXECUTABLE = '/usr/bin/chromium';

/** Nothing but the tests' own servers is talked to, and nobody's profile is touched. */
const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Whether tests that need Debian's Chromium must be left out: only where it is missing, and never in CI, where the launch then
 * fails and the tests with it. Left-out tests are counted as skipped.
 */
export const CHROMIUM_IS_MISSING =
  process.env['CI'] === undefined && spawnSync(EXECUTABLE, ['--version'], { stdio: 'ignore' }).status !== 0;

/** A headless Chromium with a new, empty profile. Root has no sandbox to run in. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ownArguments(), headless: true });
}

/**
 * The same on this desktop, with a profile on the disk that is removed when it is closed: what is clicked on the desktop reaches no profile that is in
 * memory alone.
 */
export function launchOnDesktop({ environment }: Desktop): Promise<BrowserContext> {
  return chromium.launchPersistentContext('', {
    executablePath: EXECUTABLE,
    args: ownArguments(),
    headless: true,
    viewport: { width: 1280, height: 800 },
    env: { ...process.env, ...environment },
  });
}

function ownArguments(): string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox', ...ARGUMENTS] : ARGUMENTS;
}
