import { defineConfig } from 'vitest/config';

/**
 * Tests reach a package in two ways: `@synseg/core` is the built package (its threads are files of `dist`), a relative
 * import is the source. Native sessions must not share a process with another file's, so every file gets its own fork.
 */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    reporters: ['default', 'json'],
    outputFile: { json: 'out/test-report.json' },
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
  },
});
