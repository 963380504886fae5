import { defineConfig } from 'vitest/config';

/** Suites that start servers run one file after another: two cores, and figures that must not disturb one another. */
const withServers = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 } as const;

export default defineConfig({
  test: {
    reporters: ['default'],
    passWithNoTests: false,
    projects: [
      { test: { name: 'unit', include: ['libs/*/src/**/*.spec.ts', 'src/**/*.spec.ts', 'bench/**/*.spec.ts', 'test/support/**/*.spec.ts'] } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...withServers } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...withServers } },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...withServers } },
      { test: { name: 'chaos', include: ['test/chaos/**/*.test.ts'], ...withServers, testTimeout: 600_000 } },
    ],
  },
});
