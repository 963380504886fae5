import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

const EXECUTABLE = '/usr/bin/firefox-esr';

/**
 * Whether tests that need Debian's Firefox must be left out: only where it is missing, and never in CI, where the launch then fails and the tests
 * with it. Left-out tests are counted as skipped.
 */
export const FIREFOX_IS_MISSING =
  process.env['CI'] === undefined && spawnSync(EXECUTABLE, ['--version'], { stdio: 'ignore' }).status !== 0;

export interface Firefox {
  readonly browser: Browser;
  /** Ends it, and removes its profile. */
  close(): Promise<void>;
}

/** A headless Firefox with a new, empty profile, over WebDriver BiDi; it gets its subscriptions from this push service, and asks nobody whether a site may. */
export async function launchFirefox(pushService: string): Promise<Firefox> {
  const profile = await mkdtemp(join(tmpdir(), 'firefox-'));
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: EXECUTABLE,
    headless: true,
    userDataDir: profile,
    extraPrefsFirefox: preferences(pushService),
  });
  return {
    browser,
    close: async () => {
      await browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function preferences(pushService: string): Record<string, unknown> {
  return {
    // Those that automation sets by itself switch Web Push off.
    'remote.prefs.recommended': false,
    'dom.push.enabled': true,
    'dom.push.connection.enabled': true,
    'dom.push.serverURL': pushService,
    'dom.push.retryBaseInterval': 100,
    'dom.push.testing.allowInsecureServerURL': true,
    'dom.push.testing.ignorePermission': true,
    'permissions.default.desktop-notification': 1,
    // Its own windows: a machine for tests has no desktop that would show them.
    'alerts.useSystemBackend': false,
    'app.update.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'toolkit.telemetry.enabled': false,
  };
}
