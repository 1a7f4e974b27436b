// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What a failure means: whether trying again can help, and whose fault it is. */
export interface Classification {
  /** `permanent`: the same message will never be taken for the same recipient. */
  readonly permanence: 'temporary' | 'permanent';
  /**
   * - `recipient`: this address; others of the message are well.
   * - `message`: its content, size or sender.
   * - `account`: credentials or TLS settings; the account should pause, its mail waits.
   * - `path`: the relay or the way to it.
   * - `policy`: the relay doesn't want it: reputation, spam, greylisting, rates.
   */
  readonly verdict: 'recipient' | 'message' | 'account' | 'path' | 'policy';
}
