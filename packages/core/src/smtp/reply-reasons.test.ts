// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressDead, reasonOf } from './reply-reasons.ts';
import { REPLY_REASONS, type ReplyReason } from './reply-reasons.types.ts';

const refusal = (text: string) => ({
  code: Number(/^\d{3}/.exec(text)?.[0] ?? Number.NaN) || null,
  enhanced: /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(text)?.[0] ?? null,
  text,
});

describe('an address is dead', () => {
  it.each<[string, ReplyReason]>([
    ['550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown in local recipient table', 'user_unknown'],
    [
      '550-5.1.1 The email account that you tried to reach does not\n550 5.1.1 exist. Check it for typos',
      'user_unknown',
    ],
    ['550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT003.example]', 'user_unknown'],
    ['550 5.1.1 Adresse d’au moins un destinataire invalide', 'user_unknown'],
    ['550 Der Empfänger existiert nicht', 'user_unknown'],
    ['550 Utente sconosciuto', 'user_unknown'],
    ['550 El usuario no existe', 'user_unknown'],
    ['550 Пользователь не найден', 'user_unknown'],
    ['550 宛先のユーザーが見つかりません', 'user_unknown'],
    ['550 5.1.10 no words that anybody knows', 'user_unknown'],
    ['551 see the directory', 'moved'],
    ['550 5.1.6 ann has moved', 'moved'],
    ['550 5.1.2 Bad destination host', 'domain_unknown'],
    ['556 5.1.10 example.org has a null MX', 'domain_without_mail'],
  ])('after %s', (text, reason) => {
    expect(reasonOf(refusal(text))).toBe(reason);
    expect(addressDead(refusal(text))).toBe(true);
  });
});

describe('an address is alive', () => {
  it.each<[string, ReplyReason]>([
    ['452 4.2.2 Mailbox full', 'mailbox_full'],
    ['552 5.2.2 The mailbox is over quota', 'mailbox_full'],
    ['550 5.2.1 This account is disabled', 'mailbox_disabled'],
    ['550 5.7.1 Service unavailable; client host [192.0.2.1] blocked using a blocklist', 'blocked'],
    ['550 5.7.26 Mail from example.org is not accepted: DMARC', 'authentication_failed'],
    ['554 5.7.1 Message rejected as spam', 'spam'],
    ['554 5.7.1 <ann@example.org>: Relay access denied', 'relaying_denied'],
    ['450 4.2.0 <ann@example.org>: Recipient address rejected: Greylisted', 'greylisted'],
    ['421 4.7.0 Too many connections from your host', 'rate_limited'],
    ['550 5.1.1 ann - 192.0.2.1 has sent to too many recipients this hour', 'rate_limited'],
    ['553 5.1.8 <bob@example.com>... Domain of sender address does not exist', 'sender_rejected'],
    ['552 5.3.4 Message size exceeds fixed limit', 'too_big'],
    ['554 5.4.6 Too many hops', 'loop'],
    ['550 4.4.7 Message expired', 'expired'],
    ['554 5.7.1 virus found', 'virus'],
    ['550 no', 'unknown'],
  ])('after %s', (text, reason) => {
    expect(reasonOf(refusal(text))).toBe(reason);
    expect(addressDead(refusal(text))).toBe(false);
  });

  it('after a temporary reply, whatever its words', () => {
    expect(addressDead(refusal('450 4.1.1 User unknown, try later'))).toBe(false);
  });

  it('where the status is about a mailbox that there is', () => {
    expect(addressDead(refusal('550 5.2.1 <ann@example.org>... User unknown'))).toBe(false);
  });

  it('where there is neither code nor status to go by', () => {
    expect(addressDead({ code: null, enhanced: null, text: 'User unknown' })).toBe(false);
  });
});

it('any words have a reason', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.option(fc.integer({ min: 0, max: 999 })),
      fc.option(fc.stringMatching(/^[245]\.\d{1,3}\.\d{1,3}$/)),
      (text, code, enhanced) => {
        expect(REPLY_REASONS).toContain(reasonOf({ code, enhanced, text }));
      },
    ),
  );
});
