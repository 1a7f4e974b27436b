// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { REPLY_REASONS, type ReplyReason, reasonOf } from '@mail-proxy/core';
import type { Receipt } from './receipt.types.ts';

/** Those of bounces, and `not_accepted`: the sender's own provider refused, and its words say nothing more. */
export const PEC_REASONS = [...REPLY_REASONS, 'not_accepted'] as const;
export type PecReason = ReplyReason | 'not_accepted';

/** What a receipt's reason is read from. */
export type ReasonWords = Pick<Receipt, 'type' | 'error' | 'errorDetail' | 'status'>;

interface DetailRule {
  readonly reason: ReplyReason;
  /** Of the words as they came; runs in linear time. */
  readonly says: RegExp;
}

/** How providers word it, beyond what mail servers say. The first that matches decides. */
const DETAIL_RULES: readonly DetailRule[] = [
  { reason: 'virus', says: /\bvirus\b|malware|codice malevolo/i },
  {
    reason: 'mailbox_full',
    says: /(?:casella|mailbox)[^.]{0,40}(?:pien[ao]|esaurit|quota|spazio)|spazio[^.]{0,40}(?:esaurit|insufficient)/i,
  },
  {
    reason: 'too_big',
    says: /dimension[ei][^.]{0,60}(?:massim|superior|ecced|consentit)|(?:supera|ecced)[^.]{0,40}dimension[ei]|troppo grande/i,
  },
  {
    reason: 'expired',
    says: /ventiquattro ore|dodici ore|\b(?:12|24) ?(?:ore|h)\b|tempo massimo|tempi? (?:massim|previst)/i,
  },
  {
    reason: 'mailbox_disabled',
    says: /casella[^.]{0,40}(?:disabilitat|disattivat|sospes|bloccat|cessat|scadut|non attiva)/i,
  },
  { reason: 'recipient_restricted', says: /non accetta|accetta (?:solo|soltanto|esclusivamente)/i },
  { reason: 'domain_unknown', says: /dominio[^.]{0,40}(?:inesistente|non valido|sconosciuto|non esiste|non trovato)/i },
];

/** No answer from a host, and delivery time expired (RFC 3463 §3.5): providers mean the hours that they have to deliver. */
const TOO_LATE = /^[45]\.4\.[17]$/;
/** RFC 3463: about the address, or about the mailbox. */
const TELLING_STATUS = /^[45]\.[12]\./;

/**
 * Say why a mail was not accepted or not delivered: by `errore`, then by the code in `errore-esteso` (Nota integrativa 12
 * of AgID has providers begin it with one), then by its words.
 */
export function receiptReason(words: ReasonWords): PecReason {
  return byError(words) ?? byStatus(words) ?? byWords(words) ?? byType(words);
}

function byError({ type, error }: ReasonWords): ReplyReason | null {
  if (error === 'virus' || type === 'rilevazione-virus') return 'virus';
  if (error === 'no-dest') return 'user_unknown';
  return error === 'no-dominio' ? 'domain_unknown' : null;
}

function byStatus({ status }: ReasonWords): ReplyReason | null {
  if (status === null) return null;
  if (TOO_LATE.test(status)) return 'expired';
  return TELLING_STATUS.test(status) ? known({ enhanced: status, text: '' }) : null;
}

function byWords({ status, errorDetail }: ReasonWords): ReplyReason | null {
  const text = withoutAddresses(errorDetail ?? '');
  const rule = DETAIL_RULES.find(({ says }) => says.test(text));
  return rule?.reason ?? known({ enhanced: status, text });
}

function byType({ type }: ReasonWords): PecReason {
  if (type === 'non-accettazione') return 'not_accepted';
  return type === 'preavviso-errore-consegna' ? 'expired' : 'unknown';
}

function known(words: { readonly enhanced: string | null; readonly text: string }): ReplyReason | null {
  const reason = reasonOf({ code: null, ...words });
  return reason === 'unknown' ? null : reason;
}

/** Names such as `casella.piena@` are no reason. */
function withoutAddresses(text: string): string {
  return text.replace(/[^\s<>@(]{1,64}@[^\s<>@):;,]{1,255}/gu, 'a@b');
}
