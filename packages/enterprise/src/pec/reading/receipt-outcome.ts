// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isDeadReason } from '@mail-proxy/core';
import { oneLine } from '../../mail/one-line.ts';
import type { Receipt } from './receipt.types.ts';
import { type PecReason, receiptReason } from './receipt-reason.ts';

export type PecEvent = 'pec_acceptance' | 'pec_delivery' | 'pec_error' | 'pec_relay';

/** What a receipt means for the message that it is about. */
export interface ReceiptOutcome {
  readonly event: PecEvent;
  /** Nothing more is to come for those whom it is about. */
  readonly isFinal: boolean;
  /** Null where nothing went wrong. */
  readonly reasonClass: PecReason | null;
  /** For a person, one line. */
  readonly reason: string;
  /** Of what went wrong: `temporary` while it may still be delivered. */
  readonly permanence: 'permanent' | 'temporary' | null;
  /** There is no such mailbox or domain. */
  readonly addressDead: boolean;
}

/**
 * | type | event | final |
 * | --- | --- | --- |
 * | accettazione | pec_acceptance | |
 * | presa-in-carico | pec_relay | |
 * | avvenuta-consegna | pec_delivery | yes |
 * | non-accettazione, errore-consegna | pec_error | yes |
 * | preavviso-errore-consegna | pec_error | where it says 5.4.1 and 24 hours |
 * | rilevazione-virus | pec_error | |
 */
export function receiptOutcome(receipt: Receipt): ReceiptOutcome {
  const by = receipt.provider === null ? '' : ` by ${receipt.provider}`;
  switch (receipt.type) {
    case 'accettazione':
      return good('pec_acceptance', `accepted${by}`, false);
    case 'presa-in-carico':
      return good('pec_relay', `taken over${by}`, false);
    case 'avvenuta-consegna':
      return good('pec_delivery', 'delivered', true);
    case 'non-accettazione':
      return bad(receipt, 'not accepted', true);
    case 'errore-consegna':
      return bad(receipt, 'not delivered', true);
    case 'preavviso-errore-consegna':
      return isGivenUp(receipt) ? bad(receipt, 'not delivered', true) : bad(receipt, 'not delivered so far', false);
    case 'rilevazione-virus':
      return bad(receipt, 'virus found', false);
  }
  return receipt.type satisfies never;
}

function good(event: PecEvent, reason: string, isFinal: boolean): ReceiptOutcome {
  return { event, isFinal, reasonClass: null, reason: oneLine(reason), permanence: null, addressDead: false };
}

function bad(receipt: Receipt, what: string, isFinal: boolean): ReceiptOutcome {
  const reasonClass = receiptReason(receipt);
  const why = receipt.errorDetail ?? WORDS[receipt.error];
  return {
    event: 'pec_error',
    isFinal,
    reasonClass,
    reason: oneLine(why === null ? what : `${what}: ${why}`),
    permanence: isFinal ? 'permanent' : 'temporary',
    addressDead: isFinal && reasonClass !== 'not_accepted' && isDeadReason(reasonClass),
  };
}

/**
 * The notice comes after 12 hours, and errore-consegna after 24. Some providers write a notice then, too, with the code and
 * the words for the second one (seen of Aruba).
 */
function isGivenUp({ status, errorDetail }: Receipt): boolean {
  return status === '5.4.1' && /ventiquattro|\b24\b/i.test(errorDetail ?? '');
}

const WORDS: Readonly<Record<Receipt['error'], string | null>> = {
  nessuno: null,
  'no-dest': 'no such mailbox',
  'no-dominio': 'no such domain',
  virus: 'virus',
  altro: null,
};
