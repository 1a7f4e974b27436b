// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** `tipo` of a receipt's daticert.xml (RFC 6109 §4.4), which its X-Ricevuta repeats. */
export const RECEIPT_TYPES = [
  'accettazione',
  'non-accettazione',
  'presa-in-carico',
  'avvenuta-consegna',
  'errore-consegna',
  'preavviso-errore-consegna',
  'rilevazione-virus',
] as const;
export type ReceiptType = (typeof RECEIPT_TYPES)[number];

/** `errore` of daticert.xml. */
export type ReceiptError = 'nessuno' | 'no-dest' | 'no-dominio' | 'virus' | 'altro';

/** Whom the certified mail was for, as the provider says. */
export interface CertifiedRecipient {
  readonly address: string;
  /** `certificato`: a PEC mailbox, of which a delivery receipt comes. `esterno`: any other, of which none ever does. */
  readonly kind: 'certified' | 'external';
}

/** What a provider's daticert.xml says. */
export interface Receipt {
  readonly type: ReceiptType;
  readonly error: ReceiptError;
  /** `errore-esteso`, one line; null where there is none. */
  readonly errorDetail: string | null;
  /** Enhanced status code out of `errore-esteso` (5.1.1), null where there is none. */
  readonly status: string | null;
  /** Message-ID of the mail that it is about, with brackets: `msgid`, else X-Riferimento-Message-ID; null where neither is there. */
  readonly reference: string | null;
  /** Whether `reference` stands in daticert.xml, which the signature covers. */
  readonly isReferenceSigned: boolean;
  /** `mittente`: who sent the mail. */
  readonly sender: string | null;
  readonly recipients: readonly CertifiedRecipient[];
  /** `consegna`: whom the receipt is about; null in those about all (accettazione, non-accettazione, presa-in-carico). */
  readonly recipient: string | null;
  /** `ricezione`: where a presa-in-carico was taken over for. */
  readonly receivedFor: readonly string[];
  /** `ricevuta@tipo` or X-TipoRicevuta: completa, breve, sintetica; null where not said. */
  readonly form: 'completa' | 'breve' | 'sintetica' | null;
  /** `identificativo`: the provider's own id of the mail; null where missing. */
  readonly identifier: string | null;
  /** `gestore-emittente`. */
  readonly provider: string | null;
  /** `data` with `zona`, in milliseconds since the epoch; null where it cannot be read. */
  readonly at: number | null;
  /** The address of From of the receipt itself, lower case: who has to have signed. */
  readonly from: string | null;
}

/** What a mail out of a mailbox is, as far as PEC goes. Never throws on any bytes. */
export type PecMail =
  | { readonly kind: 'receipt'; readonly receipt: Receipt }
  /** Mail of others in a transport envelope, or an anomaly envelope. */
  | { readonly kind: 'transport' | 'anomaly' }
  /** Says that it is a receipt and is none that can be believed; `why` is a word of a closed list. */
  | {
      readonly kind: 'forged';
      readonly why: 'not_signed' | 'no_daticert' | 'many_daticert' | 'headers_differ' | 'unreadable';
    }
  | { readonly kind: 'other' };

export interface ReadPecOptions {
  /** The mail was cut off, so that its signature may be missing: it is read as if it were there, and verifies nothing. @defaultValue false */
  readonly isTruncated?: boolean;
}

/** Pure: the same bytes give the same answer. */
export type ReadPecMail = (raw: Uint8Array, options?: ReadPecOptions) => Promise<PecMail>;
