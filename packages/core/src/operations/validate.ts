// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type BaseIssue, type GenericSchema, type InferOutput, safeParse } from 'valibot';
import { type InputProblem, MailProxyError } from '../errors.ts';

/** Problems named at most; a batch of a thousand wrong messages must not make an answer of a megabyte. */
const MAX_PROBLEMS = 100;

/**
 * Parse what came from outside.
 *
 * @throws {MailProxyError} `invalid_input` with every failing field
 */
export function validate<Schema extends GenericSchema>(schema: Schema, input: unknown): InferOutput<Schema> {
  const result = safeParse(schema, input, { abortPipeEarly: true });
  if (result.success) return result.output;
  throw invalidInput(result.issues.map(problemOf));
}

/** The error for fields found wrong after the shapes were right. */
export function invalidInput(problems: readonly InputProblem[]): MailProxyError {
  const shown = problems.slice(0, MAX_PROBLEMS);
  const more = problems.length - shown.length;
  const fields = shown.slice(0, 3).map((problem) => `${problem.pointer || '/'}: ${problem.message}`);
  return new MailProxyError('invalid_input', {
    detail: fields.join('; ') + (problems.length > 3 ? `; and ${problems.length - 3} more` : ''),
    problems: more > 0 ? [...shown, { pointer: '', message: `and ${more} more problems` }] : shown,
  });
}

function problemOf(issue: BaseIssue<unknown>): InputProblem {
  return { pointer: pointerOf(issue), message: messageOf(issue) };
}

/** RFC 6901: `~` and `/` inside a key are escaped. */
function pointerOf(issue: BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map((item) => String(item.key).replaceAll('~', '~0').replaceAll('/', '~1'));
  return keys.map((key) => `/${key}`).join('');
}

function messageOf(issue: BaseIssue<unknown>): string {
  if (issue.kind === 'schema' && issue.type === 'strict_object' && issue.expected === 'never') return 'unknown field';
  // Our own texts say it best; valibot's default ones quote what was received, which may be a secret.
  if (!issue.message.startsWith('Invalid ')) return issue.message;
  if (issue.received === 'undefined') return 'required';
  return issue.expected === null ? 'not valid' : `expected ${readable(issue.expected)}`;
}

function readable(expected: string): string {
  return expected
    .replaceAll('"', '')
    .replaceAll(' | ', ' or ')
    .replace(/^\((.*)\)$/, '$1')
    .toLowerCase();
}
