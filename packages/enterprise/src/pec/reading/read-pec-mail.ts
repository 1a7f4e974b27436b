// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { addressParser } from 'postal-mime';
import { cleanAddress } from '../../mail/addresses.ts';
import { entityOf } from '../../mail/entity.ts';
import { type Field, fieldOf, fieldsOf } from '../../mail/fields.ts';
import { type Daticert, formIn, readDaticert, wordIn } from './daticert.ts';
import { messageIdOf } from './message-id.ts';
import { type PecMail, RECEIPT_TYPES, type ReadPecMail, type Receipt, type ReceiptType } from './receipt.types.ts';
import { daticertIn, signedContent } from './signed-content.ts';

/**
 * Read a mail out of the mailbox of a certified account: a receipt, what others sent, or something else. What a receipt says
 * is taken from the daticert.xml that its provider signed, and its header has to agree; whether the signature holds is
 * another question (`verifySignature`). Subjects are not looked at.
 *
 * @see RFC 6109
 */
export const readPecMail: ReadPecMail = async (raw, { isTruncated = false } = {}) => {
  const { fields } = entityOf(raw);
  const transport = wordIn(fieldOf(fields, 'x-trasporto'));
  if (fieldsOf(fields, 'x-ricevuta').length === 0) return withoutReceipt(transport);
  const content = signedContent(raw, isTruncated);
  if (content === null) return forged('not_signed');
  const part = await daticertIn(content);
  if (part === 'none') return forged('no_daticert');
  if (part === 'many') return forged('many_daticert');
  const daticert = part === 'unreadable' ? null : readDaticert(part);
  if (daticert === null) return forged('unreadable');
  if (transport !== '' || !agrees(fields, daticert)) return forged('headers_differ');
  return receiptOf(fields, daticert);
};

function withoutReceipt(transport: string): PecMail {
  if (transport === 'posta-certificata') return { kind: 'transport' };
  return { kind: transport === 'errore' ? 'anomaly' : 'other' };
}

function forged(why: Extract<PecMail, { kind: 'forged' }>['why']): PecMail {
  return { kind: 'forged', why };
}

/** Where the header says something, it says what was signed. */
function agrees(fields: readonly Field[], { type, messageId }: Daticert): boolean {
  const references = fieldsOf(fields, 'x-riferimento-message-id').filter((value) => value !== '');
  return (
    fieldsOf(fields, 'x-ricevuta').every((value) => wordIn(value) === type) &&
    references.every((value) => messageIdOf(value) === (messageId ?? messageIdOf(references[0] ?? null)))
  );
}

function receiptOf(fields: readonly Field[], { type, messageId, ...said }: Daticert): PecMail {
  const known = RECEIPT_TYPES.find((each) => each === type);
  if (known === undefined || !isConsistent(known, said)) return forged('unreadable');
  const receipt: Receipt = {
    ...said,
    type: known,
    reference: messageId ?? messageIdOf(fieldOf(fields, 'x-riferimento-message-id')),
    isReferenceSigned: messageId !== null,
    recipient: isAboutAll(known) ? null : (said.recipient ?? onlyOne(said.recipients)),
    form: said.form ?? formIn(fieldOf(fields, 'x-tiporicevuta')),
    from: writerOf(fields),
  };
  return { kind: 'receipt', receipt };
}

/** Nothing that went well has an error. */
function isConsistent(type: ReceiptType, { error }: Pick<Receipt, 'error'>): boolean {
  const isGood = type === 'accettazione' || type === 'presa-in-carico' || type === 'avvenuta-consegna';
  return !isGood || error === 'nessuno';
}

function isAboutAll(type: ReceiptType): boolean {
  return type === 'accettazione' || type === 'non-accettazione' || type === 'presa-in-carico';
}

/** Where a provider does not say whom it is about, and there is nobody else. */
function onlyOne(recipients: Receipt['recipients']): string | null {
  return recipients.length === 1 ? (recipients[0]?.address ?? null) : null;
}

/** Null where there are none or several, as whoever shows the mail may show another one. */
function writerOf(fields: readonly Field[]): string | null {
  const [from, another] = fieldsOf(fields, 'from');
  if (from === undefined || another !== undefined) return null;
  const [writer, second] = addressParser(from.slice(0, 1_000), { flatten: true });
  if (writer?.address === undefined || second !== undefined) return null;
  return cleanAddress(writer.address)?.toLowerCase() ?? null;
}
