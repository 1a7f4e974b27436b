// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, it } from 'vitest';
import { attachedMessage, daticert, plainMail, RECIPIENT, receiptMail, type WrittenReceipt } from './pec-mails.case.ts';
import { readPecMail } from './read-pec-mail.ts';

const OTHER = 'archivio@pec.altri.example';
const TRANSPORT = {
  'X-Ricevuta': null,
  'X-Trasporto': 'posta-certificata',
  Subject: 'POSTA CERTIFICATA: ACCETTAZIONE: x',
};

describe('no receipt', () => {
  const accepted = { tipo: 'accettazione' } as const;

  it.each<[string, WrittenReceipt, string]>([
    ['nothing is signed', { ...accepted, isSigned: false }, 'not_signed'],
    ['it is signed with PGP', { ...accepted, protocol: 'application/pgp-signature' }, 'not_signed'],
    [
      'there is no daticert.xml',
      { ...accepted, partHeader: 'Content-Type: application/xml; name=altro.xml' },
      'no_daticert',
    ],
    [
      'daticert.xml stands in a message of others only',
      { ...accepted, partHeader: 'Content-Type: text/plain', more: [attachedMessage('accettazione')] },
      'no_daticert',
    ],
    [
      'a message of others is called daticert.xml',
      { ...accepted, partHeader: 'Content-Type: message/rfc822; name="daticert.xml"' },
      'no_daticert',
    ],
    ['there are two', { ...accepted, more: [attachedDaticert()] }, 'many_daticert'],
    ['its parts are nested deep', { ...accepted, more: [nested(200)] }, 'unreadable'],
    ['it has hundreds of parts', { ...accepted, more: Array(200).fill('\nx') }, 'unreadable'],
    ['its type is another', { ...accepted, header: { 'X-Ricevuta': 'avvenuta-consegna' } }, 'headers_differ'],
    ['a second type is another', { ...accepted, header: { 'x-ricevuta': 'avvenuta-consegna' } }, 'headers_differ'],
    ['its type is none', { ...accepted, header: { 'X-Ricevuta': '' } }, 'headers_differ'],
    [
      'its reference is another',
      { ...accepted, header: { 'X-Riferimento-Message-ID': '<x@y.example>' } },
      'headers_differ',
    ],
    ['its reference is none', { ...accepted, header: { 'X-Riferimento-Message-ID': 'a <b> c' } }, 'headers_differ'],
    [
      'it is a transport envelope',
      { tipo: 'posta-certificata', header: { 'X-Ricevuta': 'accettazione' } },
      'headers_differ',
    ],
    ['it says that it is one, too', { ...accepted, header: { 'X-Trasporto': 'posta-certificata' } }, 'headers_differ'],
    ['its type is unknown', { tipo: 'consegna' }, 'unreadable'],
    ['it went well with an error', { ...accepted, errore: 'no-dest' }, 'unreadable'],
    ['it is no XML', { ...accepted, xml: 'accettazione' }, 'unreadable'],
    ['it is empty', { ...accepted, xml: '' }, 'unreadable'],
    ['it is cut off', { ...accepted, xml: daticert(accepted).slice(0, -20) }, 'unreadable'],
    ['its root is another', { ...accepted, xml: daticert(accepted).replaceAll('postacert', 'posta') }, 'unreadable'],
    ['it names two recipients', { ...accepted, xml: twice('consegna', RECIPIENT, OTHER) }, 'unreadable'],
    ['it has two references', { ...accepted, xml: twice('msgid', '&lt;1@a&gt;', '&lt;2@a&gt;') }, 'unreadable'],
    ['its recipient is none', { tipo: 'avvenuta-consegna', consegna: 'nobody' }, 'unreadable'],
    ['it declares entities', { ...accepted, xml: withEntities() }, 'unreadable'],
    ['it has 5 MB', { ...accepted, xml: daticert({ ...accepted, erroreEsteso: 'x'.repeat(5_000_000) }) }, 'unreadable'],
    ['it is deep', { ...accepted, xml: withNested(20) }, 'unreadable'],
    [
      'it is very deep',
      { ...accepted, xml: `${'<postacert>'.repeat(10_000)}${'</postacert>'.repeat(10_000)}` },
      'unreadable',
    ],
    ['it has as many lines as characters', { ...accepted, xml: '\n'.repeat(200_000), encoding: '8bit' }, 'unreadable'],
  ])('%s', async (_name, written, why) => {
    expect(await readPecMail(receiptMail(written))).toEqual({ kind: 'forged', why });
  });

  it.each<[string, Buffer, string]>([
    [
      'somebody answers a receipt',
      plainMail({ From: 'ann@example.org', Subject: 'R: ACCETTAZIONE: Fattura', 'In-Reply-To': '<1@x>' }, 'grazie'),
      'other',
    ],
    [
      'a parcel is to be delivered',
      plainMail({ From: 'ann@example.org', Subject: 'CONSEGNA: pacco' }, 'domani'),
      'other',
    ],
    [
      'the mail of others, whose subject is one',
      receiptMail({ tipo: 'posta-certificata', header: TRANSPORT }),
      'transport',
    ],
    [
      'ordinary mail of others',
      plainMail({ Subject: 'ANOMALIA MESSAGGIO: x', 'X-Trasporto': 'errore' }, 'x'),
      'anomaly',
    ],
    ['a receipt without its field', receiptMail({ ...accepted, header: { 'X-Ricevuta': null } }), 'other'],
    ['a mail with a receipt in it', plainMail({ Subject: 'x' }, receiptMail(accepted).toString()), 'other'],
    ['nothing', Buffer.alloc(0), 'other'],
  ])('%s', async (_name, raw, kind) => {
    expect(await readPecMail(raw)).toEqual({ kind });
  });
});

describe('a receipt that was cut off', () => {
  const raw = receiptMail({
    tipo: 'avvenuta-consegna',
    consegna: RECIPIENT,
    more: [attachedMessage('posta-certificata')],
  });
  const cut = raw.subarray(0, raw.indexOf('postacert.eml') + 100);

  it('is read where that is known, and no receipt where it is not', async () => {
    expect(await readPecMail(cut, { isTruncated: true })).toMatchObject({
      kind: 'receipt',
      receipt: { recipient: RECIPIENT },
    });
    expect(await readPecMail(cut)).toEqual({ kind: 'forged', why: 'not_signed' });
  });

  it('has to have been a signed one', async () => {
    const unsigned = receiptMail({ tipo: 'accettazione', isSigned: false });
    expect(await readPecMail(unsigned, { isTruncated: true })).toEqual({ kind: 'forged', why: 'not_signed' });
  });
});

function nested(depth: number): string {
  return Array.from(
    { length: depth },
    (_, at) => `Content-Type: multipart/mixed; boundary=b${at}-\n\n--b${at}-\n`,
  ).join('');
}

function withNested(depth: number): string {
  return daticert({ tipo: 'accettazione' }).replace('</dati>', `${'<x>'.repeat(depth)}${'</x>'.repeat(depth)}</dati>`);
}

function attachedDaticert(): string {
  return `Content-Type: application/xml; name="daticert.xml"\n\n${daticert({ tipo: 'accettazione' })}`;
}

function twice(name: string, first: string, second: string): string {
  const xml = daticert({ tipo: 'accettazione', msgid: null });
  return xml.replace('</dati>', `<${name}>${first}</${name}><${name}>${second}</${name}></dati>`);
}

function withEntities(): string {
  const lines = Array.from({ length: 20 }, (_, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(10)}">`);
  return daticert({ tipo: 'accettazione' })
    .replace('?>', `?><!DOCTYPE postacert [<!ENTITY e0 "x">${lines.join('')}]>`)
    .replace('Fattura', '&e20;');
}
