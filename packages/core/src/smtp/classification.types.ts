// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpStage } from './reply.ts';

/** Whose fault a failure is; see {@link Classification}. */
export const VERDICTS = ['recipient', 'message', 'account', 'path', 'policy'] as const;
/** Whether trying again can help; see {@link Classification}. */
export const PERMANENCES = ['temporary', 'permanent'] as const;

/** What a failure means: whether trying again can help, and whose fault it is. */
export interface Classification {
  /** `permanent`: the same message will never be taken for the same recipient. */
  readonly permanence: (typeof PERMANENCES)[number];
  /**
   * - `recipient`: this address; others of the message are well.
   * - `message`: its content, size or sender.
   * - `account`: credentials or TLS settings; the account should pause, its mail waits.
   * - `path`: the relay or the way to it.
   * - `policy`: the relay doesn't want it: reputation, spam, greylisting, rates.
   */
  readonly verdict: (typeof VERDICTS)[number];
}

/** Read replies that match all of its conditions in one way; a condition that is absent matches everything. */
export interface ReplyRule {
  readonly stages?: readonly SmtpStage[] | undefined;
  readonly class?: 4 | 5 | undefined;
  readonly codes?: readonly number[] | undefined;
  /**
   * Enhanced status: `x.7` for a whole subject, `x.7.1` for one detail; `5.7` and `5.7.1` for one class only. Matches
   * only where the status is of the reply's own class (RFC 2034 §4).
   */
  readonly status?: readonly string[] | undefined;
  readonly verdict: Classification['verdict'];
  /** Where the code's own class must not decide. */
  readonly permanence?: Classification['permanence'] | undefined;
}
