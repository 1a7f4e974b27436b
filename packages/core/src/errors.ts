// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/**
 * Every operational failure, with the HTTP status that reports it. A `code` is stable: clients decide by it,
 * never by the text. Bugs are thrown as they come and have no entry here.
 */
export const ERRORS = {
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  malformed_request: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'A valid token is required' },
  forbidden: { status: 403, title: 'This token may not do that' },
  not_found: { status: 404, title: 'There is no such resource' },
  method_not_allowed: { status: 405, title: 'This resource does not take that method' },
  conflict: { status: 409, title: 'The resource is in another state' },
  duplicate_id: { status: 409, title: 'That id is taken' },
  ambiguous_id: { status: 409, title: 'That id names several resources' },
  content_removed: { status: 409, title: 'What the message said was removed' },
  in_flight: { status: 409, title: 'The message is being sent at this moment' },
  idempotency_key_in_flight: { status: 409, title: 'A request with that key is being handled at this moment' },
  in_use: { status: 409, title: 'Other resources still depend on this one' },
  gone: { status: 410, title: 'The resource is not available any more' },
  body_too_large: { status: 413, title: 'The body is larger than the server accepts' },
  unsupported_media_type: { status: 415, title: 'The body is of a type that is not taken here' },
  invalid_input: { status: 422, title: 'Some fields are missing or wrong' },
  batch_too_large: { status: 422, title: 'The batch holds too many messages' },
  idempotency_key_reused: { status: 422, title: 'That key was used for another request' },
  suppressed: { status: 422, title: 'All recipients are on the suppression list' },
  not_searchable: { status: 422, title: 'What messages say is encrypted and cannot be searched' },
  unknown_account: { status: 422, title: 'The tenant has no such account' },
  no_default_account: { status: 422, title: 'The message names no account and the tenant has no default one' },
  enterprise_required: { status: 422, title: 'This needs the enterprise edition' },
  unsupported: { status: 422, title: 'This database cannot do that' },
  rate_limited: { status: 429, title: 'A rate limit is reached' },
  quota_exceeded: { status: 429, title: 'Too much mail of the tenant waits' },
  internal: { status: 500, title: 'The server failed; the message that was being handled is in its log' },
  database_unavailable: { status: 503, title: 'The database does not answer' },
  overloaded: { status: 503, title: 'The server has more to do than it can' },
  storage_unavailable: { status: 503, title: 'A storage of files does not answer as it should' },
  stopping: { status: 503, title: 'The server is stopping' },
  storage_full: { status: 507, title: 'The disk is full' },
  // Seen by operators and embedders only.
  invalid_config: { status: 500, title: 'The configuration is wrong' },
  database_locked: { status: 500, title: 'Another server uses this database' },
  schema_too_new: { status: 500, title: 'The database was written by a newer version' },
  import_unfinished: { status: 500, title: 'An import into this database was not finished' },
  target_not_empty: { status: 500, title: 'What is to be filled holds something already' },
  archive_damaged: { status: 500, title: 'The archive is damaged or incomplete' },
  address_not_allowed: { status: 500, title: 'An address may not be reached from here' },
  outgoing_failed: { status: 500, title: 'A server that was asked over HTTP gave no usable answer' },
  cached_content_lost: { status: 500, title: 'A cached content is damaged or gone, and has to be fetched again' },
  lease_lost: { status: 500, title: 'The message belongs to another session by now' },
  sealed_with_unknown_key: { status: 500, title: 'A stored secret was sealed with another key' },
  mixin_broken: { status: 500, title: 'A mixin is present and cannot be loaded' },
  mixin_incompatible: { status: 500, title: 'A mixin was written for another version of the engine' },
  mixin_required: { status: 500, title: 'The enterprise edition is demanded and absent' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** One field that failed: where it is, what is wrong, and what was expected. */
export interface InputProblem {
  /** JSON pointer (RFC 6901) into the body, or the name of the path or query parameter. */
  readonly pointer: string;
  readonly message: string;
  /** A stable code where the problem has one of its own. */
  readonly code?: string;
}

export interface ErrorOptions {
  /** What happened this time, for a person. Never holds a secret. */
  readonly detail?: string;
  readonly problems?: readonly InputProblem[];
  /** Extra members of the problem document. Never holds a secret. */
  readonly extra?: Readonly<Record<string, string | number | boolean>>;
  /** Milliseconds after which the same request may succeed; answered as Retry-After. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one class of operational failures; `code` says which. */
export class MailProxyError extends Error {
  override readonly name = 'MailProxyError';
  readonly code: ErrorCode;
  readonly problems: readonly InputProblem[];
  readonly extra: Readonly<Record<string, string | number | boolean>>;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: ErrorOptions = {}) {
    super(options.detail ?? ERRORS[code].title, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
    this.extra = options.extra ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether `error` is an operational failure with this code. */
export function isMailProxyError<C extends ErrorCode>(error: unknown, code?: C): error is MailProxyError {
  return error instanceof MailProxyError && (code === undefined || error.code === code);
}
