// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailReader } from '../../imap/mail-readers.ts';
import { type ReceiveReceiptParts, receiveReceipt } from './receive-receipt.ts';

/** Takes receipts, and what says that it is one, out of mailboxes; all other mail is left to people. */
export function pecReader(parts: ReceiveReceiptParts): MailReader {
  return async ({ raw, hash, isTruncated, sizeBytes, receivedAt, mailbox: { tenantId, accountPk } }) => {
    const mail = { raw, hash, isTruncated, sizeBytes, receivedAt, tenantId, accountPk };
    const { kind, statements, committed } = await receiveReceipt(mail, parts);
    if (kind !== 'receipt' && kind !== 'forged') return null;
    return {
      statements,
      async afterCommit() {
        await committed();
      },
    };
  };
}

/** A receipt of the form `completa` holds the whole mail, with 30 MB in it; all but what says that it is a receipt is left out. */
export function wantedBytes(maxMailBytes: number): (start: Uint8Array) => number {
  return (start) => (saysReceipt(start) ? maxMailBytes : 0);
}

function saysReceipt(start: Uint8Array): boolean {
  const text = Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString('latin1');
  const end = text.search(/\r?\n\r?\n/);
  return /^x-ricevuta[ \t]*:/im.test(end === -1 ? text : text.slice(0, end));
}
