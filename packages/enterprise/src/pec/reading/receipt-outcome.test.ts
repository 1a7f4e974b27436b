// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, it } from 'vitest';
import { RECIPIENT, receiptMail, type WrittenReceipt } from './pec-mails.case.ts';
import { readPecMail } from './read-pec-mail.ts';
import { type ReceiptOutcome, receiptOutcome } from './receipt-outcome.ts';
import type { PecReason } from './receipt-reason.ts';

async function outcomeOf(written: WrittenReceipt): Promise<ReceiptOutcome> {
  const mail = await readPecMail(receiptMail(written));
  if (mail.kind !== 'receipt') expect.fail(`is ${JSON.stringify(mail)}`);
  return receiptOutcome(mail.receipt);
}

const NOTHING_WRONG = { reasonClass: null, permanence: null, addressDead: false };

describe('what a receipt becomes', () => {
  it.each<[WrittenReceipt, ReceiptOutcome]>([
    [
      { tipo: 'accettazione' },
      { event: 'pec_acceptance', isFinal: false, reason: 'accepted by GESTORE PEC S.p.A.', ...NOTHING_WRONG },
    ],
    [
      { tipo: 'presa-in-carico' },
      { event: 'pec_relay', isFinal: false, reason: 'taken over by GESTORE PEC S.p.A.', ...NOTHING_WRONG },
    ],
    [
      { tipo: 'avvenuta-consegna', consegna: RECIPIENT },
      { event: 'pec_delivery', isFinal: true, reason: 'delivered', ...NOTHING_WRONG },
    ],
    [
      { tipo: 'non-accettazione', errore: 'altro', erroreEsteso: 'canale non cifrato' },
      {
        event: 'pec_error',
        isFinal: true,
        reasonClass: 'not_accepted',
        reason: 'not accepted: canale non cifrato',
        permanence: 'permanent',
        addressDead: false,
      },
    ],
    [
      { tipo: 'errore-consegna', errore: 'no-dest', consegna: RECIPIENT },
      {
        event: 'pec_error',
        isFinal: true,
        reasonClass: 'user_unknown',
        reason: 'not delivered: no such mailbox',
        permanence: 'permanent',
        addressDead: true,
      },
    ],
    [
      { tipo: 'preavviso-errore-consegna', errore: 'altro', consegna: RECIPIENT },
      {
        event: 'pec_error',
        isFinal: false,
        reasonClass: 'expired',
        reason: 'not delivered so far',
        permanence: 'temporary',
        addressDead: false,
      },
    ],
    [
      { tipo: 'rilevazione-virus', errore: 'virus', consegna: RECIPIENT },
      {
        event: 'pec_error',
        isFinal: false,
        reasonClass: 'virus',
        reason: 'virus found: virus',
        permanence: 'temporary',
        addressDead: false,
      },
    ],
  ])('%j', async (written, expected) => {
    expect(await outcomeOf(written)).toEqual(expected);
  });

  it('a notice of the 24 hours is the last word, one of the 12 is not', async () => {
    const notice = { tipo: 'preavviso-errore-consegna', errore: 'altro', consegna: RECIPIENT } as const;
    const late = { ...notice, erroreEsteso: '5.4.1 - GESTORE - non consegnato nelle prime ventiquattro ore' };
    expect(await outcomeOf(late)).toMatchObject({ event: 'pec_error', isFinal: true, reasonClass: 'expired' });
    const early = { ...notice, erroreEsteso: '5.4.1 - GESTORE - non consegnato nelle prime dodici ore' };
    expect(await outcomeOf(early)).toMatchObject({ event: 'pec_error', isFinal: false, reasonClass: 'expired' });
  });
});

describe('why it failed', () => {
  it.each<[errore: string, detail: string | null, PecReason]>([
    ['no-dest', null, 'user_unknown'],
    ['no-dest', '5.1.1 - GESTORE - indirizzo non valido', 'user_unknown'],
    ['no-dominio', null, 'domain_unknown'],
    ['virus', 'Eicar', 'virus'],
    ['altro', '5.1.1 - GESTORE S.p.A. - indirizzo non valido', 'user_unknown'],
    ['altro', '5.1.2 - GESTORE S.p.A.', 'domain_unknown'],
    ['altro', '5.2.1 - GESTORE S.p.A. - casella non raggiungibile', 'mailbox_disabled'],
    ['altro', '5.2.2 - GESTORE S.p.A. - la casella di casella.sconosciuta@pec.example', 'mailbox_full'],
    ['altro', '5.4.1 - GESTORE S.p.A. - nessuna risposta', 'expired'],
    ['altro', '5.7.1 - GESTORE S.p.A.', 'policy'],
    ['altro', '5.7.1 - GESTORE S.p.A. - la casella accetta solo posta certificata', 'recipient_restricted'],
    ['altro', 'La casella del destinatario è piena', 'mailbox_full'],
    ['altro', 'Il messaggio supera la dimensione consentita', 'too_big'],
    ['altro', 'Il dominio di destinazione non esiste', 'domain_unknown'],
    ['altro', 'Superato il tempo massimo di 24 ore', 'expired'],
    ['altro', 'qualcosa', 'unknown'],
    ['altro', 'errore per virus@pec.example', 'unknown'],
    ['altro', null, 'unknown'],
    ['nessuno', null, 'unknown'],
    ['errore-nuovo', null, 'unknown'],
  ])('%s, %s: %s', async (errore, erroreEsteso, expected) => {
    const written = { tipo: 'errore-consegna', consegna: RECIPIENT, errore, erroreEsteso };
    expect(await outcomeOf(written)).toMatchObject({ reasonClass: expected });
  });
});
