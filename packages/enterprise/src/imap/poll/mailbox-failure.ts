// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError } from '@mail-proxy/core';
import type { MailboxError } from '../mailbox/mailbox.model.ts';

/** A check of a mailbox that did not go through, for a reason that is no bug of ours. */
export class MailboxFailure extends Error {
  override readonly name = 'MailboxFailure';
  readonly shown: MailboxError;
  /** The server was asked to log in, and would not. */
  readonly isLogin: boolean;
  /** Milliseconds after which the other side wants to be asked again. */
  readonly retryAfterMs: number;

  constructor(shown: MailboxError, { isLogin = false, retryAfterMs = 0, cause }: MailboxFailureOptions = {}) {
    super(`${shown.stage}: ${shown.message}`, { cause });
    this.shown = shown;
    this.isLogin = isLogin;
    this.retryAfterMs = retryAfterMs;
  }
}

interface MailboxFailureOptions {
  readonly isLogin?: boolean;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** What happened, whatever was thrown. A bug is named by its class: its text may quote mail. */
export function failureOf(error: unknown): MailboxFailure {
  if (error instanceof MailboxFailure) return error;
  if (isMailProxyError(error)) {
    const { code, message, extra, retryAfterMs } = error;
    const isToken = extra['kind'] === 'token';
    return new MailboxFailure(
      { stage: isToken ? 'token' : stageOfCode(code), code, message },
      {
        isLogin: isToken && extra['temporary'] === false,
        cause: error,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      },
    );
  }
  return new MailboxFailure({ stage: 'internal', code: 'internal', message: nameOf(error) }, { cause: error });
}

/** For a person who has the log beside it. */
export function nameOf(error: unknown): string {
  if (isMailProxyError(error)) return `${error.code}: ${error.message}`.slice(0, 500);
  return `${error instanceof Error ? error.name : typeof error}; the log has more`;
}

function stageOfCode(code: string): string {
  if (code === 'address_not_allowed' || code === 'outgoing_failed') return 'connect';
  if (code === 'database_unavailable' || code === 'storage_full') return 'database';
  return 'internal';
}
