import { defineConfig } from 'vitest/config';

const withServers = { testTimeout: 60_000, hookTimeout: 60_000 } as const;
/** Suites that mostly wait run a few files at once: each has its own ports and folders. */
const sideBySide = { ...withServers, maxWorkers: 3 } as const;
/** Two browsers at once: each mostly waits for its page. */
const twoByTwo = { ...withServers, maxWorkers: 2 } as const;
/** One file after another: two cores, and what is judged here must not be disturbed. */
const oneByOne = { ...withServers, fileParallelism: false } as const;

export default defineConfig({
  test: {
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
      { test: { name: 'chaos', include: ['test/chaos/**/*.test.ts'], ...oneByOne, testTimeout: 600_000 } },
    ],
  },
});
