// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The test command: build, checks, tests, servers that are killed, a short benchmark, examples. Runs all of them, also
// after one has failed.
// At its end it says again what failed, for those who keep the end of the log. Its last line is vitest's count, for
// machines that read it; the exit code speaks for every stage.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PNPM } from './pnpm.mjs';
import { postgresSuites } from './postgres-suites.mjs';
import { printTable, ROOT, runSteps } from './steps.mjs';

const NEEDED = [24, 18];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `Node.js ${NEEDED.join('.')} or newer is needed, this is ${process.version}: run "npx -y pnpm@12 test", which brings its own.`,
  );
  process.exit(1);
}

// Only now: an older Node cannot import it.
const { stageFailures } = await import('./stage-failures.mjs');
const failures = stageFailures();

const TALLY = /^\d+ passed, \d+ failed, \d+ skipped$/;
/** What a run without a count is: one that broke before its end. */
let tally = '0 passed, 1 failed, 0 skipped';

// Under CI a suite that cannot find its PostgreSQL has failed, not been skipped.
const required = process.env.CI === 'true' ? { GMP_REQUIRE_PG: '1' } : {};
const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
const vitest = (name, env = {}) => ({ name, env: { ...required, ...color, ...env, ...failures.environmentOf(name) } });
const fromSource = (file) => ['node', '--conditions=mail-proxy-source', file];

const STAGES = [
  { name: 'build', command: [...PNPM, 'run', 'build', '--output-logs=errors-only'], limitMinutes: 5 },
  { name: 'check', command: ['node', 'scripts/check.mjs'], limitMinutes: 5 },
  {
    ...vitest('tests'),
    command: ['vitest', 'run'],
    limitMinutes: 24,
    onLine(line) {
      if (TALLY.test(line)) tally = line;
    },
  },
  // The oldest PostgreSQL that a run meets by itself: see .ci/run.
  ...(process.env.GMP_TEST_ALSO_PG_BIN
    ? [
        {
          ...vitest('PostgreSQL suites', { GMP_TEST_PG_BIN: process.env.GMP_TEST_ALSO_PG_BIN }),
          command: ['vitest', 'run', ...postgresSuites({ isBrief: true })],
          limitMinutes: 10,
        },
      ]
    : []),
  {
    ...vitest('community edition'),
    command: ['node', 'scripts/test-community.mjs'],
    needs: 'packages/enterprise/package.json',
    limitMinutes: 6,
  },
  // After the check "packages", which makes the archives.
  { name: 'installed packages', command: fromSource('scripts/test-packages.mjs'), limitMinutes: 4 },
  {
    name: 'torture',
    env: required,
    command: [...fromSource('torture/main.ts'), 'run', '--brief'],
    needs: 'torture/main.ts',
    limitMinutes: 4,
  },
  { name: 'bench smoke', command: fromSource('bench/smoke.ts'), needs: 'bench/smoke.ts', limitMinutes: 5 },
  {
    name: 'example embed',
    command: fromSource('examples/embed/main.ts'),
    needs: 'examples/embed/main.ts',
    limitMinutes: 2,
  },
  {
    name: 'example receiver',
    command: fromSource('examples/receiver/main.ts'),
    needs: 'examples/receiver/main.ts',
    limitMinutes: 2,
  },
  {
    name: 'example transaction',
    command: fromSource('examples/transaction/main.ts'),
    needs: 'examples/transaction/main.ts',
    limitMinutes: 2,
  },
];

/** A terminal is given to the stage itself, for its colors, and keeps what was printed. */
const watch = ({ name, onLine }) => {
  if (process.stdout.isTTY) return { onLine };
  return {
    onLine(line) {
      failures.keep(name, line);
      onLine?.(line);
    },
  };
};

const stages = STAGES.filter(({ needs }) => needs === undefined || existsSync(join(ROOT, needs))).map((stage) => ({
  ...stage,
  ...watch(stage),
}));
console.log(`Node.js ${process.version}`);
const results = await runSteps(stages);
printTable('stage', stages, results);
failures.print(results);
console.log(`\n${tally}`);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
