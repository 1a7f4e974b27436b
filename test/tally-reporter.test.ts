// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFile } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { readFailures } from './failed-tests.ts';
import type { Failure } from './failure.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const CONFIG = `
import { createTallyReporter } from '${ROOT}test/tally-reporter.ts';
export default { test: { globalSetup: ['setup.mjs'], reporters: [createTallyReporter()] } };`;

interface Run {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly failures: readonly Failure[];
}

/** Run one test file with vitest, in a folder and a process of its own. */
async function run(
  source: string,
  env: { readonly CI: string; readonly pgSkip?: string },
  ...args: string[]
): Promise<Run> {
  using dir = tempDir();
  symlinkSync(`${ROOT}node_modules`, dir.file('node_modules'));
  writeFileSync(dir.file('vitest.config.mjs'), CONFIG);
  const setup = `export default (project) => project.provide('pgSkip', ${JSON.stringify(env.pgSkip ?? '')});`;
  writeFileSync(dir.file('setup.mjs'), setup);
  writeFileSync(dir.file('a.test.mjs'), `import { afterAll, describe, test } from 'vitest';\n${source}`);
  const program = `${ROOT}node_modules/vitest/vitest.mjs`;
  const failures = dir.file('failures');
  const options = { cwd: dir.path, env: { PATH: process.env['PATH'], CI: env.CI, GMP_TEST_FAILURES: failures } };
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [program, 'run', ...args], options, (_error, stdout) =>
      resolve({ code: child.exitCode, lines: stdout.trim().split('\n'), failures: readFailures(failures) }),
    );
  });
}

const ONE_PASSES = `test('passes', () => {});\n`;

test('a skip that gives its reason is shown with it and fails nothing', async () => {
  const source = `${ONE_PASSES}test('waits', (context) => context.skip('no mail server here'));`;
  const { code, lines } = await run(source, { CI: 'true' });
  expect(lines).toContain('skipped: a.test.mjs > waits: no mail server here');
  expect([code, lines.at(-1)]).toEqual([0, '1 passed, 0 failed, 1 skipped']);
});

test('a suite may give the reason in its name', async () => {
  const source = `${ONE_PASSES}describe.skip('Dovecot (skipped: not installed)', () => test('waits', () => {}));`;
  const { code, lines } = await run(source, { CI: 'true' });
  expect(lines.join('\n')).toContain('waits: not installed');
  expect([code, lines.at(-1)]).toEqual([0, '1 passed, 0 failed, 1 skipped']);
});

test('a skip without a reason fails under CI, and only there', async () => {
  const source = `${ONE_PASSES}test.skip('waits', () => {});`;
  const inCi = await run(source, { CI: 'true' });
  expect(inCi.lines).toContain('skipped: a.test.mjs > waits: no reason given');
  expect([inCi.code, inCi.lines.at(-1)]).toEqual([1, '1 passed, 1 failed, 0 skipped']);
  const elsewhere = await run(source, { CI: 'false' });
  expect([elsewhere.code, elsewhere.lines.at(-1)]).toEqual([0, '1 passed, 0 failed, 1 skipped']);
});

test('what is skipped for want of PostgreSQL says so, and fails under CI', async () => {
  const source = `${ONE_PASSES}describe.skipIf(true)('on PostgreSQL', () => test('waits', () => {}));`;
  const { code, lines, failures } = await run(source, { CI: 'true', pgSkip: 'PostgreSQL does not start' });
  expect(lines).toContain('skipped: a.test.mjs > on PostgreSQL > waits: PostgreSQL does not start');
  expect([code, lines.at(-1)]).toEqual([1, '1 passed, 1 failed, 0 skipped']);
  expect(failures).toMatchObject([{ name: 'on PostgreSQL > waits', error: ['Skipped: PostgreSQL does not start'] }]);
});

test('tests that were not asked for by name are no skips', async () => {
  const { code, lines } = await run(`${ONE_PASSES}test('other', () => {});`, { CI: 'true' }, '-t', 'passes');
  expect(lines.join('\n')).not.toContain('skipped:');
  expect([code, lines.at(-1)]).toEqual([0, '1 passed, 0 failed, 1 skipped']);
});

test('each failure is written down with its time, its timeout and its error', async () => {
  const source = `${ONE_PASSES}
    test('differs', () => { throw new Error('two\\nlines', { cause: new TypeError('because') }); }, 7_000);
    describe('suite', () => { afterAll(() => { throw new Error('in a hook'); }); test('passes', () => {}); });`;
  const { failures } = await run(source, { CI: 'true' });
  const differs = { name: 'differs', tookMs: expect.any(Number), timeoutMs: 7_000, load: expect.any(Number) };
  const hook = { file: 'a.test.mjs', name: 'suite', error: ['Error: in a hook', 'at (test) a.test.mjs:5'] };
  expect(failures).toMatchObject([differs, hook]);
  const error = ['Error: two', 'lines', 'caused by TypeError: because'];
  expect(failures[0]?.error.filter((line) => !line.startsWith('at '))).toEqual(error);
  expect(failures[0]?.error[2]).toBe('at (test) a.test.mjs:4');
});

test('an error that no test caught is written down too, and so is a file that cannot be imported', async () => {
  const floating = await run(`test('floats', () => void Promise.reject(new Error('floating')));`, { CI: 'true' });
  expect(floating.failures).toMatchObject([{ name: 'errors that no test caught' }]);
  expect(floating.failures[0]?.error[0]).toBe('Error: floating');
  const broken = await run(`throw new Error('no import');`, { CI: 'true' });
  expect(broken.failures).toMatchObject([{ file: 'a.test.mjs', name: '' }]);
  expect(broken.failures[0]?.error[0]).toBe('Error: no import');
});

test('a run that is stopped writes down the files that were running', async () => {
  const source = `test('hangs', () => { process.kill(process.ppid, 'SIGTERM'); return new Promise(() => {}); });`;
  const { failures } = await run(source, { CI: 'true' });
  expect(failures).toMatchObject([{ file: 'a.test.mjs', name: '', error: ['Stopped: while it was running'] }]);
});
