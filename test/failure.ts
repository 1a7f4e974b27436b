// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { loadavg } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import type { SerializedError } from 'vitest';
import type { TestCase } from 'vitest/node';

/** What one failed test leaves behind for the end of the log: one line of JSON in the file of its run. */
export interface Failure {
  /** Of the test file, from the root of the repository; '' for what belongs to no file. */
  readonly file: string;
  /** With the names of its suites; '' for the file as a whole. */
  readonly name: string;
  readonly tookMs: number | undefined;
  readonly timeoutMs: number | undefined;
  /** Processes that wanted a processor at its end, as the system averages them over a minute. */
  readonly load: number;
  /** The lines of its errors. */
  readonly error: readonly string[];
}

/** Of one error: enough for a diff and the frame that asked, and not a whole page. */
const MAX_MESSAGE_LINES = 10;
const MAX_FRAMES = 3;
/** The counterexample of a property, or a body, may be one line of many thousand characters. */
const MAX_LINE_CHARS = 300;

/** What to say of a test that failed. */
export function failureOf(test: TestCase, errors: readonly SerializedError[] = test.result().errors ?? []): Failure {
  return {
    ...failureOfFile(test.module.relativeModuleId, errors),
    name: test.fullName,
    tookMs: test.diagnostic()?.duration,
    timeoutMs: test.options.timeout,
  };
}

/** What to say of a file or a suite that failed beside its tests, such as in a hook or an import. */
export function failureOfFile(file: string, errors: readonly SerializedError[], name = ''): Failure {
  const error = errors.flatMap((each) => linesOf(each)).map((line) => line.slice(0, MAX_LINE_CHARS));
  return { file, name, tookMs: undefined, timeoutMs: undefined, load: loadavg()[0] ?? 0, error };
}

function linesOf(error: SerializedError): string[] {
  const message = `${error.name ?? 'Error'}: ${error.message}`;
  // vitest makes the diff where it knows what was expected
  const diff = typeof error['diff'] === 'string' ? error['diff'] : '';
  const said = stripVTControlCharacters(`${message}\n${diff}`)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const frames = framesOf(error);
  const [cause, ...ofCause] = error.cause === undefined ? [] : linesOf(error.cause);
  return [
    ...said.slice(0, MAX_MESSAGE_LINES),
    ...frames,
    ...(cause === undefined ? [] : [`caused by ${cause}`, ...ofCause]),
  ];
}

/** Frames of our own files: those of what is installed say nothing about the test. */
function framesOf({ stacks = [], stack = '' }: SerializedError): string[] {
  const parsed = stacks.map(({ method, file, line }) => `at ${method || '(test)'} ${file}:${line}`);
  const raw = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return (parsed.length > 0 ? parsed : raw)
    .filter((line) => line.includes(process.cwd()) && !line.includes('node_modules'))
    .map((line) => line.trim().replace('file://', '').replace(`${process.cwd()}/`, ''))
    .slice(0, MAX_FRAMES);
}
