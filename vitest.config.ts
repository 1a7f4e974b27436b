// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { availableParallelism } from 'node:os';
import { defaultServerConditions } from 'vite';
import { defaultExclude, defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/slowest-first.ts';
import { createTallyReporter } from './test/tally-reporter.ts';

// Tests import the TypeScript sources of the packages, not what was built; of others what Node imports, not what is there
// for bundlers.
const conditions = ['mail-proxy-source', ...defaultServerConditions.filter((condition) => condition !== 'module')];

const TESTS = ['{packages,apps}/*/{src,test}/**/*.test.ts', '{examples,bench,torture,deploy,test}/**/*.test.ts'];
/** Files that run the suites of others once more, in other circumstances, each in a process of its own. */
const ALONE = 'packages/core/test/engine-on-postgres/*.test.ts';

export default defineConfig({
  ssr: { resolve: { conditions } },
  environments: { __vitest__: { resolve: { conditions } } }, // globalSetup runs in this one
  test: {
    globalSetup: ['test/global-setup.ts'],
    // Guards only: on a machine that has more to do, a test of two seconds has taken twenty.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 25_000 } },
    // On two cores vitest would take one file at a time, and much of what a file does is to wait.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: SlowestFirst },
    reporters: ['default', createTallyReporter()],
    projects: [
      // To load all modules again for each file takes as much of a processor as the tests do: what a test changes of
      // its process, it puts back.
      { extends: true, test: { name: 'shared', include: TESTS, exclude: [...defaultExclude, ALONE], isolate: false } },
      { extends: true, test: { name: 'alone', include: [ALONE] } },
    ],
  },
});
