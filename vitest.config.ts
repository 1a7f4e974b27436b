// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';

// Tests import the TypeScript sources of the packages, not what was built.
const conditions = ['mail-proxy-source', ...defaultServerConditions];

/** Closing line for machines that read the log: `6 passed, 0 failed, 0 skipped`. */
const tally: Reporter = {
  onTestRunEnd(modules) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] += 1;
    }
    // A file that fails before its first test counts as one failure.
    const broken = modules.filter(
      (module) => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0,
    ).length;
    console.log(`${count.passed} passed, ${count.failed + count.pending + broken} failed, ${count.skipped} skipped`);
  },
};

export default defineConfig({
  ssr: { resolve: { conditions } },
  environments: { __vitest__: { resolve: { conditions } } }, // globalSetup runs in this one
  test: {
    include: ['{packages,apps}/*/{src,test}/**/*.test.ts', 'examples/**/*.test.ts', 'bench/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', tally],
  },
});
