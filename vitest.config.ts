import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const withServers = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // The build is loaded as it ships, by Node itself.
  server: { deps: { external: [/\/dist\/(?:src|libs)\//] } },
};
/** Files that wait now and then run a few at once: each has its own ports and folders. What they import is loaded once for all of them. */
const sideBySide = { ...withServers, maxWorkers: 3, isolate: false } as const;
/** Two browsers at once: each mostly waits. */
const twoByTwo = { ...withServers, maxWorkers: 2 } as const;
/** One file after another: beside the browsers, or because what is judged must not be disturbed. */
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
const LONGEST = new RegExp(
  `/(?:${[
    'gateway\\.(?:contract|others|broken)',
    '(?:inbox|push-store)\\.broken',
    '(?:push-|people-)?store\\.contract',
    'inbox-model',
    'start',
    'half-sent',
    'proxies',
    'shutdown',
    'step-down',
    'answer-headers',
    'limits',
    'tls',
    'inbox-devices',
    'keys',
    'page',
    'page-credentials',
    'page-restarts',
  ].join('|')})\\.`,
);

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

/** One after the other, also where all of them are run by one `vitest`: each has its own number of workers. */
const PROJECTS = [
  {
    name: 'unit',
    isolate: false,
    include: ['libs/*/src/**/*.spec.ts', 'src/**/*.spec.ts', 'bench/**/*.spec.ts', 'test/support/**/*.spec.ts'],
  },
  { name: 'contract', include: ['test/contract/**/*.test.ts'], ...sideBySide },
  { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...sideBySide },
  { name: 'browser', include: ['test/browser/**/*.test.ts'], ...twoByTwo },
  { name: 'crashes', include: CRASHES, ...oneByOne, testTimeout: 600_000 },
  { name: 'chaos', include: ['test/chaos/**/*.test.ts'], exclude: CRASHES, ...oneByOne, testTimeout: 600_000 },
];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default'],
    passWithNoTests: false,
    projects: PROJECTS.map((project, groupOrder) => ({ test: { ...project, sequence: { groupOrder } } })),
  },
});
