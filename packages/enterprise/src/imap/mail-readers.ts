// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statement } from '@mail-proxy/core';
import type { Purpose } from './mailbox/mailbox.table.ts';

/** Mail out of a mailbox. */
export interface ReadMail {
  /** As it lies on the server, up to a bound. */
  readonly raw: Uint8Array;
  /** The rest of it was left out. */
  readonly isTruncated: boolean;
  /** Of all of it, as the server says. */
  readonly sizeBytes: number;
  readonly mailbox: {
    readonly pk: string;
    /** Whose it is; null for the operator's. */
    readonly tenantId: string | null;
    /** Null for all accounts of the tenant. */
    readonly accountPk: string | null;
  };
  readonly uid: number;
  readonly uidvalidity: number;
  /** With brackets; null where it has none. */
  readonly messageId: string | null;
  /** SHA-256 of what was read, in hex: the same mail has the same, whatever its UID is. */
  readonly hash: string;
  /** When it came into the mailbox, in milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** What a reader makes of mail that it wants. */
export interface Reading {
  /** Committed in the unit that says that the mail was handled: all or none. */
  readonly statements: readonly Statement[];
  /** Called after the commit, at most once: lost if the process dies between them. An error is logged. */
  readonly afterCommit?: () => void | Promise<void>;
}

/** Null: not mine. An error has the mail tried again, and in the end set aside. */
export type MailReader = (mail: ReadMail) => Reading | null | Promise<Reading | null>;

export interface ReaderOptions {
  /**
   * How many bytes it wants of a mail that begins like this, of which no more would be read otherwise. Few such mails are in
   * memory at a time.
   *
   * @defaultValue no more than of any mail
   */
  readonly maxBytes?: (start: Uint8Array) => number;
}

interface Registered extends ReaderOptions {
  readonly purpose: Purpose;
  readonly reader: MailReader;
}

/**
 * What the mailboxes' mixin hands to later ones. Readers are called in the order in which they came, and the first that
 * wants a mail has it.
 */
export class MailReaders {
  readonly #readers: Registered[] = [];

  /** Be given the mail of all mailboxes that are read for this purpose. Call it while the mixin is set up. */
  onMail(purpose: Purpose, reader: MailReader, options: ReaderOptions = {}): void {
    this.#readers.push({ purpose, reader, ...options });
  }

  /** Those for a mailbox with these purposes. */
  for(purposes: readonly Purpose[]): readonly MailReader[] {
    return this.#for(purposes).map(({ reader }) => reader);
  }

  /** How many bytes one of these wants of a mail that begins like this; 0 where none wants more than of any. */
  maxBytes(purposes: readonly Purpose[], start: Uint8Array): number {
    return Math.max(0, ...this.#for(purposes).map(({ maxBytes }) => maxBytes?.(start) ?? 0));
  }

  #for(purposes: readonly Purpose[]): readonly Registered[] {
    return this.#readers.filter(({ purpose }) => purposes.includes(purpose));
  }
}

/** What the mixin `imap` handed out; null where it is not there, or stands later in the list. */
export function mailReadersOf(context: { provided(mixinId: string): unknown }): MailReaders | null {
  const provided = context.provided('imap');
  return provided instanceof MailReaders ? provided : null;
}
