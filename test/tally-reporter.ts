// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { appendFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { type Failure, failureOf, failureOfFile } from './failure.ts';

/** As a suite says it that is skipped as a whole: `name (skipped: reason)`. */
const REASON_IN_NAME = /\(skipped: (.+?)\)/;

/**
 * Says each skipped test with its reason, and closes with a line for machines that read the log:
 * `6 passed, 0 failed, 0 skipped`. Under CI=true a test that is skipped for no stated reason, or for want of
 * PostgreSQL, has failed.
 *
 * GMP_TEST_FAILURES names a file to which each failure is added as it comes, as a line of JSON: the test command says
 * them again at its end. A run that is stopped adds the files that were running.
 */
export function createTallyReporter(env: Readonly<Record<string, string | undefined>> = process.env): Reporter {
  let vitest: Vitest | undefined;
  const running = new Set<string>();
  const record = (failure: Failure): void => {
    const path = env['GMP_TEST_FAILURES'];
    if (path) appendFileSync(path, `${JSON.stringify(failure)}\n`);
  };
  return {
    onInit(started) {
      vitest = started;
      // vitest ends by itself then, and tells nobody.
      process.once('SIGTERM', () => {
        for (const file of running) record(failureOfFile(file, [{ name: 'Stopped', message: 'while it was running' }]));
      });
    },
    onTestModuleStart({ relativeModuleId }) {
      running.add(relativeModuleId);
    },
    onTestCaseResult(test) {
      if (test.result().state === 'failed') record(failureOf(test));
    },
    onTestModuleEnd(module) {
      const { relativeModuleId: file, children } = module;
      running.delete(file);
      if (module.errors().length > 0) record(failureOfFile(file, module.errors()));
      for (const suite of children.allSuites()) {
        if (suite.errors().length > 0) record(failureOfFile(file, suite.errors(), suite.fullName));
      }
    },
    onTestRunEnd(modules, unhandled) {
      if (unhandled.length > 0) record(failureOfFile('', unhandled, 'errors that no test caught'));
      const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
      // Who asks for some tests by name is told nothing of the others.
      const isSelection = vitest?.config.testNamePattern !== undefined;
      for (const module of modules) {
        for (const test of module.children.allTests()) {
          const { state } = test.result();
          const skip = state === 'skipped' && !isSelection ? skipOf(module, test) : null;
          if (skip !== null) console.log(`skipped: ${module.relativeModuleId} > ${test.fullName}: ${skip.reason}`);
          const isFailure = skip !== null && !skip.isAllowed && env['CI'] === 'true';
          if (isFailure) record(failureOf(test, [{ name: 'Skipped', message: skip.reason }]));
          count[isFailure ? 'failed' : state] += 1;
        }
      }
      // A file that fails before its first test counts as one failure.
      const broken = modules.filter(
        (module) => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0,
      ).length;
      const failed = count.failed + count.pending + broken;
      if (failed > 0) process.exitCode = 1;
      console.log(`${count.passed} passed, ${failed} failed, ${count.skipped} skipped`);
    },
  };
}

interface Skip {
  readonly reason: string;
  readonly isAllowed: boolean;
}

/** Its own note, else what its suite's name says, else what the whole run lacks. */
function skipOf(module: TestModule, test: TestCase): Skip {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  const { pgSkip = '' } = module.project.getProvidedContext();
  const own = note ?? REASON_IN_NAME.exec(test.fullName)?.[1];
  if (own !== undefined) return { reason: own, isAllowed: own !== pgSkip };
  return { reason: pgSkip === '' ? 'no reason given' : pgSkip, isAllowed: false };
}
