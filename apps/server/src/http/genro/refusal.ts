// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type InputProblem, isMailProxyError, type Log, MailProxyError } from '@mail-proxy/core';
import type { HttpContext } from '../context.ts';
import { problemResponse } from '../problem.ts';
import { respond } from '../response-headers.ts';

/** Answer with what went wrong as old clients know it: its status, and `detail` for people. */
export function refusal(c: HttpContext, thrown: unknown, log: Log): Response {
  const error = asInput(thrown);
  const problem = problemResponse(c, error, log);
  const headers = { ...Object.fromEntries(problem.headers), 'content-type': 'application/json' };
  return respond(c, JSON.stringify({ detail: detailOf(error) }), { status: problem.status, headers });
}

/** What cannot be read was a field in error there. */
function asInput(thrown: unknown): unknown {
  if (!isMailProxyError(thrown, 'malformed_json')) return thrown;
  const problems = [{ pointer: '', message: `JSON decode error: ${thrown.message}` }];
  return new MailProxyError('invalid_input', { problems, cause: thrown });
}

function detailOf(error: unknown): unknown {
  if (!isMailProxyError(error)) return 'Internal Server Error';
  switch (error.code) {
    case 'unauthenticated':
      return 'Invalid or missing API token';
    case 'internal':
      return 'Internal Server Error';
    case 'invalid_input':
    case 'enterprise_required':
      return error.problems.length === 0 ? error.message : error.problems.map(fieldInError);
    default:
      return error.message;
  }
}

/** In the shape of FastAPI. */
function fieldInError({ pointer, message }: InputProblem) {
  const isQuery = pointer.startsWith('?');
  const path = (isQuery ? pointer.slice(1) : pointer).split('/').filter((part) => part !== '');
  const loc = path.map((part) =>
    /^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~'),
  );
  return {
    type: isMissing(message) ? 'missing' : 'value_error',
    loc: [isQuery ? 'query' : 'body', ...loc],
    msg: message,
  };
}

/** Whether a problem is that a field is not there. */
export function isMissing(message: string): boolean {
  return /^(field )?required/i.test(message);
}
