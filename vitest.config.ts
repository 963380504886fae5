import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const withServers = { testTimeout: 60_000, hookTimeout: 60_000 } as const;
/** Suites that mostly wait run a few files at once: each has its own ports and folders. */
const sideBySide = { ...withServers, maxWorkers: 3 } as const;
/** Two browsers, or two servers that die, at once: each mostly waits. */
const twoByTwo = { ...withServers, maxWorkers: 2 } as const;
/** One file after another: two cores, and what is judged here must not be disturbed. */
const oneByOne = { ...withServers, fileParallelism: false } as const;

/** Here it is judged what is lost, not how long it took: most of the time a server starts again. */
const CRASHES = [
  'behind-retention',
  'checker-on-broken-servers',
  'hop',
  'power-loss',
  'push-sigkill',
  'restored-backup',
  'sigkill-while-publishing',
].map((name) => `test/chaos/${name}.test.ts`);

/** What takes longest. */
const LONGEST =
  /\/(?:gateway\.(?:contract|others|broken)|start|half-sent|proxies|page|page-credentials|hop|restored-backup)\./;

/** In a fresh clone nobody has measured yet: what begins last is waited for alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(takesLong), ...sorted.filter((file) => !takesLong(file))];
  }
}

function takesLong({ moduleId }: TestSpecification): boolean {
  return LONGEST.test(moduleId);
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default'],
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: 'unit',
          isolate: false,
          include: ['libs/*/src/**/*.spec.ts', 'src/**/*.spec.ts', 'bench/**/*.spec.ts', 'test/support/**/*.spec.ts'],
        },
      },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...sideBySide } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...sideBySide } },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...twoByTwo } },
      { test: { name: 'crashes', include: CRASHES, ...twoByTwo, testTimeout: 600_000 } },
      {
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          exclude: CRASHES,
          ...oneByOne,
          testTimeout: 600_000,
        },
      },
    ],
  },
});
