// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describeFailures, readFailures } from '../test/failed-tests.ts';

/** Of a stage that failed without a failed test: the table of its checks fits in. */
const TAIL_LINES = 15;
const MAX_LINE_CHARS = 300;

/**
 * Keep what the stages of a run say of their failures, so that the end of the log can say it again: thousands of
 * lines lie between a failed test and the end.
 */
export function stageFailures() {
  const folder = mkdtempSync(join(tmpdir(), 'mail-proxy-failures-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const tails = new Map();
  const fileOf = (name) => join(folder, name);
  return {
    /** The environment in which vitest's reporter (test/tally-reporter.ts) writes them down. */
    environmentOf: (name) => ({ GMP_TEST_FAILURES: fileOf(name) }),

    /** See a line of what a stage prints. */
    keep(name, line) {
      const tail = [...(tails.get(name) ?? []), line].slice(-TAIL_LINES);
      tails.set(name, tail);
    },

    /** Print them for each stage that failed: its failed tests or, if it has none, the end of what it printed. */
    print(results) {
      for (const { name } of results.filter(({ ok }) => !ok)) {
        const tests = describeFailures(name, readFailures(fileOf(name)));
        const tail = (tails.get(name) ?? []).map((line) => stripVTControlCharacters(line).slice(0, MAX_LINE_CHARS));
        const said =
          tests.length > 0 ? tests : [`FAILED: ${name}, which ended with`, ...tail.map((line) => `    ${line}`)];
        console.log(`\n${said.join('\n')}`);
      }
    },
  };
}
