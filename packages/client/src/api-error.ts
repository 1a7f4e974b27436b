// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { components } from './generated/types.ts';

/** The codes of the server's errors; see the reference. */
export type ServerErrorCode = components['schemas']['Problem']['code'];

/** One field that failed. */
export interface FieldProblem {
  /** JSON pointer into the input. */
  readonly pointer: string;
  readonly message: string;
  readonly code?: string;
}

/** A problem document (RFC 9457), or what came in its place. */
export interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  /** The id of the request. */
  readonly instance?: string;
  readonly errors?: readonly FieldProblem[];
}

/** What there is to say of a failed call. */
export interface ApiErrorFields {
  /** Null where nothing answered. */
  readonly status: number | null;
  readonly code: string;
  readonly message: string;
  readonly problem?: Problem;
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

/** A call that failed: the server refused it, or did not answer. Decide by `code`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Status of the answer; null where nothing answered. */
  readonly status: number | null;
  /**
   * The server's code; `http_502` and the like where something else answered; `unreachable` where nothing did; `timeout`
   * where it took too long.
   */
  readonly code: ServerErrorCode | 'unreachable' | 'timeout' | (string & {});
  /** The answer as it came; where nothing answered, `detail` is the reason, as ECONNREFUSED. */
  readonly problem: Problem;
  /** After which the server wants to be asked again; null where it did not say. */
  readonly retryAfterMs: number | null;

  constructor({ status, code, message, problem = {}, retryAfterMs = null, cause }: ApiErrorFields) {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** The fields that failed. */
  get problems(): readonly FieldProblem[] {
    return Array.isArray(this.problem.errors) ? this.problem.errors : [];
  }

  /** By which the server's log knows the request. */
  get requestId(): string | null {
    return this.problem.instance ?? null;
  }
}

/** Whether a call failed by the server's answer, or by the lack of one. */
export function isApiError(error: unknown): error is ApiError {
  return error instanceof ApiError;
}

/** Make the error of an answer that is no success, of any server. */
export async function errorOfAnswer(answer: Response): Promise<ApiError> {
  const { status, headers } = answer;
  const problem = problemOf(await answer.text());
  const { code = `http_${status}`, title, detail } = problem;
  const message = detail ?? title ?? `the server answered ${status}`;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return new ApiError({ status, code, message, problem, retryAfterMs: seconds >= 0 ? seconds * 1_000 : null });
}

const TEXTS = ['code', 'title', 'detail', 'instance'];

/** Whatever answers there, what is promised to be text is. */
function problemOf(text: string): Problem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Something between answered: its words are shown as they are.
    return text === '' ? {} : { detail: text.slice(0, 500) };
  }
  if (typeof value !== 'object' || value === null) return {};
  const usable = Object.entries(value).filter(([name, field]) => !TEXTS.includes(name) || typeof field === 'string');
  return Object.fromEntries(usable);
}
