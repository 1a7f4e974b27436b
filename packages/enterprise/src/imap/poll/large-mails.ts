// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Mailbox } from '../mailbox/mailbox.model.ts';
import { ConnectionSlots } from './connection-slots.ts';
import { MailboxFailure } from './mailbox-failure.ts';
import type { FetchBounds } from './read-mail.ts';

export interface LargeMailsParts {
  /** Bytes that are read of any mail. */
  readonly maxMailBytes: number;
  /** How many bytes its readers want of a mail that begins like this. */
  readonly wantedOf: (mailbox: Mailbox, start: Uint8Array) => number;
}

/** Mails in memory at a time, each until it was handled; one takes twice its size while it is put together. */
const LARGE_MAILS = 2;
const STOPPED = { stage: 'fetch', code: 'closed', message: 'the check was stopped' };

/** Mails of which somebody wants more than of others: few at a time, over all mailboxes. */
export class LargeMails {
  readonly #p: LargeMailsParts;
  readonly #slots = new ConnectionSlots(LARGE_MAILS);

  constructor(parts: LargeMailsParts) {
    this.#p = parts;
  }

  /** How much to read of a mail. A large one waits for its place, which `held` gives back. */
  boundsOf(
    { mailbox, signal }: { readonly mailbox: Mailbox; readonly signal: AbortSignal },
    held: DisposableStack,
  ): FetchBounds {
    const { maxMailBytes: maxBytes, wantedOf } = this.#p;
    return {
      maxBytes,
      more: async (start) => {
        const wanted = wantedOf(mailbox, start);
        if (wanted <= maxBytes) return maxBytes;
        const slot = await this.#slots.take(mailbox.tenantId, signal);
        if (slot === null) throw new MailboxFailure(STOPPED);
        held.use(slot);
        return wanted;
      },
    };
  }
}
