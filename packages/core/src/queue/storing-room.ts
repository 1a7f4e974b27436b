// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessageDraft } from '../entities/message/message-draft.ts';
import { MailProxyError } from '../errors.ts';
import type { RefusedFor } from '../observability/load-metrics.ts';
import { draftBytes } from './accept.ts';

/** Bytes of messages that wait to be stored. With a few KiB each that is what a database takes in some seconds. */
export const MAX_STORING_BYTES = 64 * 1_048_576;
/** What a message costs in memory beside what it says. */
const OVERHEAD_BYTES = 2_048;
const RETRY_AFTER_MS = 5_000;

/** How much may wait for the writer: a database that is slow makes whoever brings more wait outside, not in memory. */
export class StoringRoom {
  readonly #onRefused: (reason: RefusedFor) => void;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(onRefused: (reason: RefusedFor) => void, maxBytes = MAX_STORING_BYTES) {
    this.#onRefused = onRefused;
    this.#maxBytes = maxBytes;
  }

  /**
   * Have room for messages until they are stored, or are not. What is alone has it, however large.
   *
   * @throws {MailProxyError} `overloaded`
   */
  take(...drafts: readonly MessageDraft[]): Disposable {
    const bytes = drafts.reduce((sum, draft) => sum + OVERHEAD_BYTES + draftBytes(draft), 0);
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) {
      this.#onRefused('storing');
      throw new MailProxyError('overloaded', {
        detail: 'as many messages wait to be stored as may',
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    this.#bytes += bytes;
    return {
      [Symbol.dispose]: () => {
        this.#bytes -= bytes;
      },
    };
  }
}
