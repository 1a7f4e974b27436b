// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import {
  type Clock,
  defineOperation,
  fields,
  MailProxyError,
  piecesOfBytes,
  type Reach,
  UniqueViolation,
} from '@mail-proxy/core';
import type { ConnectionSlots } from '../imap/poll/connection-slots.ts';
import { receiveInput, receiveRawInput } from '../mail/received-mail.schema.ts';
import type { ReceiptStore } from './archive/receipt.store.ts';
import type { ReceiptContents } from './archive/receipt-content.ts';
import {
  listReceiptsInput,
  receiptOutput,
  receiptReference,
  receivedOutput,
  statusInput,
  statusOutput,
  toReceipt,
  toReceived,
  toStatus,
} from './pec.schema.ts';
import type { PecDatabase, PecReceiptsTable } from './receipts.table.ts';
import { type ReceivedReceipt, type ReceiveReceiptParts, receiveReceipt } from './receiving/receive-receipt.ts';
import type { AwaitedStore } from './waiting/awaited.store.ts';

/** What is larger waits for its place in memory, where it takes some four times its size until it is written. */
const LARGE_BYTES = 1_048_576;
const NEVER = new AbortController().signal;

export interface PecServices {
  readonly pec: {
    readonly database: Pick<PecDatabase, 'write'>;
    readonly receiving: ReceiveReceiptParts;
    readonly receipts: ReceiptStore;
    readonly contents: ReceiptContents;
    readonly awaited: Pick<AwaitedStore, 'find'>;
    readonly maxMailBytes: number;
    /** Places for large mails that are posted. */
    readonly large: Pick<ConnectionSlots, 'take'>;
    readonly clock: Clock;
  };
  /** Of core. @throws {MailProxyError} `not_found`, `ambiguous_id` */
  readonly messages: { find(reach: Reach, reference: string): Promise<{ readonly pk: string }> };
}

/** Not in the list of what can be done: it is what receiving is for a body that is a mail. */
const receiveRawReceipt = defineOperation({
  name: 'pec.receive-raw',
  summary: 'Take in a receipt of certified mail',
  http: { method: 'POST', path: '/v1/pec/receipts' },
  access: 'tenant',
  scope: 'pec:write',
  audit: true,
  input: receiveRawInput,
  output: receivedOutput,
  async run({ pec }: PecServices, { raw }, { reach, signal = NEVER }) {
    using _place = raw.size > LARGE_BYTES ? await pec.large.take(reach.tenantId, signal) : null;
    signal.throwIfAborted();
    const pieces: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const piece of raw.read()) {
      if (sizeBytes < pec.maxMailBytes) pieces.push(piece);
      sizeBytes += piece.byteLength;
    }
    const read = Buffer.concat(pieces, Math.min(sizeBytes, pec.maxMailBytes));
    return toReceived(await receive(pec, read, { reach, sizeBytes }));
  },
});

const receivePec = defineOperation({
  name: 'pec.receive',
  summary: 'Take in a receipt of certified mail: it becomes an event of its message, and is kept',
  http: { method: 'POST', path: '/v1/pec/receipts', forMail: receiveRawReceipt },
  access: 'tenant',
  scope: 'pec:write',
  audit: true,
  input: receiveInput,
  output: receivedOutput,
  async run({ pec }: PecServices, { mail_base64 }, { reach }) {
    const raw = Buffer.from(mail_base64, 'base64');
    return toReceived(await receive(pec, raw, { reach, sizeBytes: raw.byteLength }));
  },
});

const listReceipts = defineOperation({
  name: 'pec.list-receipts',
  summary: 'List receipts of certified mail, newest first',
  http: { method: 'GET', path: '/v1/pec/receipts' },
  access: 'tenant',
  scope: 'pec:read',
  audit: false,
  input: listReceiptsInput,
  output: fields.pageOf(receiptOutput),
  async run({ pec }: PecServices, { after, limit, verified, from, to, ...input }, { reach }) {
    const { message_id: messageId, type, state, recipient } = input;
    const filter = { messageId, type, state, recipient, isVerified: verified, from: msOf(from), before: msOf(to) };
    const rows = await pec.receipts.list(reach.tenantId, filter, { after: after ?? null, limit });
    return { items: rows.map(toReceipt), next: rows.length === limit ? (rows.at(-1)?.pk ?? null) : null };
  },
});

const getReceipt = defineOperation({
  name: 'pec.get-receipt',
  summary: 'Show a receipt of certified mail',
  http: { method: 'GET', path: '/v1/pec/receipts/{receipt_id}' },
  access: 'tenant',
  scope: 'pec:read',
  audit: false,
  input: receiptReference,
  output: receiptOutput,
  run: async ({ pec }: PecServices, { receipt_id }, { reach }) => toReceipt(await find(pec, reach, receipt_id)),
});

const downloadReceipt = defineOperation({
  name: 'pec.download-receipt',
  summary: 'Download a receipt of certified mail as it came, byte for byte',
  http: { method: 'GET', path: '/v1/pec/receipts/{receipt_id}/mail', bytes: 'message/rfc822' },
  access: 'tenant',
  scope: 'pec:read',
  // It may hold the whole message.
  audit: true,
  input: receiptReference,
  output: piecesOfBytes,
  run: async ({ pec }: PecServices, { receipt_id }, { reach }) => {
    const { pk } = await find(pec, reach, receipt_id);
    return pec.contents.read(pk);
  },
});

const pecStatus = defineOperation({
  name: 'pec.status',
  summary: 'Show what receipts said of a certified message, and what is awaited',
  http: { method: 'GET', path: '/v1/messages/{message_id}/pec' },
  access: 'tenant',
  scope: 'pec:read',
  audit: false,
  input: statusInput,
  output: statusOutput,
  async run({ pec, messages }: PecServices, { message_id }, { reach }) {
    const { pk } = await messages.find(reach, message_id);
    const mail = await pec.awaited.find(pk);
    if (mail === null) throw new MailProxyError('not_found', { detail: 'no PEC account has sent that message' });
    return toStatus(mail);
  },
});

export const pecOperations = [receivePec, listReceipts, getReceipt, downloadReceipt, pecStatus] as const;

/** @throws {MailProxyError} `not_found`, also for another tenant's */
async function find(
  { receipts }: PecServices['pec'],
  { tenantId }: Reach,
  receiptId: string,
): Promise<PecReceiptsTable> {
  const row = await receipts.get(tenantId, receiptId);
  if (row === null) throw new MailProxyError('not_found');
  return row;
}

async function receive(
  { database, receiving, clock }: PecServices['pec'],
  raw: Uint8Array,
  { reach, sizeBytes }: { readonly reach: Reach; readonly sizeBytes: number },
): Promise<ReceivedReceipt> {
  const mail = {
    ...{ raw, sizeBytes, isTruncated: sizeBytes > raw.byteLength, receivedAt: clock.now() },
    ...{ hash: createHash('sha256').update(raw).digest('hex'), tenantId: reach.tenantId, accountPk: null },
  };
  const attempt = async (): Promise<ReceivedReceipt> => {
    const { statements, committed } = await receiveReceipt(mail, receiving);
    if (statements.length > 0) await database.write(statements);
    return committed();
  };
  try {
    return await attempt();
  } catch (error) {
    // The same came by another way at the same time: now it is there.
    if (error instanceof UniqueViolation) return attempt();
    throw error;
  }
}

function msOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
