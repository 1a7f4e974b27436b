// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, it } from 'vitest';
import {
  attachedMessage,
  daticert,
  PROVIDER_ADDRESS,
  RECIPIENT,
  REFERENCE,
  receiptMail,
  SENDER,
  type WrittenReceipt,
} from './pec-mails.case.ts';
import { readPecMail } from './read-pec-mail.ts';
import type { Receipt } from './receipt.types.ts';

const OTHER = 'archivio@pec.altri.example';
const TO_TWO: WrittenReceipt['destinatari'] = [
  [RECIPIENT, 'certificato'],
  [OTHER, 'esterno'],
];

async function receiptOf(written: WrittenReceipt): Promise<Receipt> {
  const mail = await readPecMail(receiptMail(written));
  if (mail.kind !== 'receipt') expect.fail(`is ${JSON.stringify(mail)}`);
  return mail.receipt;
}

describe('a receipt of each type', () => {
  it('accettazione, about all', async () => {
    expect(await receiptOf({ tipo: 'accettazione', destinatari: TO_TWO })).toEqual({
      type: 'accettazione',
      error: 'nessuno',
      errorDetail: null,
      status: null,
      reference: REFERENCE,
      isReferenceSigned: true,
      sender: SENDER,
      recipients: [
        { address: RECIPIENT, kind: 'certified' },
        { address: OTHER, kind: 'external' },
      ],
      recipient: null,
      receivedFor: [],
      form: null,
      identifier: 'gest11.20251007090501.00042.1@pec.gestore.example',
      provider: 'GESTORE PEC S.p.A.',
      at: Date.parse('2025-10-07T09:05:01+02:00'),
      from: PROVIDER_ADDRESS,
    });
  });

  it.each<[WrittenReceipt, Partial<Receipt>]>([
    [
      { tipo: 'non-accettazione', errore: 'altro', erroreEsteso: 'destinatari in copia\n  - nascosta' },
      { type: 'non-accettazione', error: 'altro', errorDetail: 'destinatari in copia - nascosta', recipient: null },
    ],
    [
      { tipo: 'non-accettazione', errore: 'virus', header: { 'X-VerificaSicurezza': 'errore' } },
      { type: 'non-accettazione', error: 'virus' },
    ],
    [
      { tipo: 'presa-in-carico', ricezione: [RECIPIENT, OTHER] },
      { type: 'presa-in-carico', recipient: null, receivedFor: [RECIPIENT, OTHER] },
    ],
    [
      { tipo: 'avvenuta-consegna', destinatari: TO_TWO, consegna: RECIPIENT, ricevuta: 'sintetica' },
      { type: 'avvenuta-consegna', recipient: RECIPIENT, form: 'sintetica' },
    ],
    [
      {
        tipo: 'errore-consegna',
        errore: 'no-dest',
        consegna: RECIPIENT,
        erroreEsteso: '5.1.1 - GESTORE PEC S.p.A. - indirizzo non valido',
      },
      {
        type: 'errore-consegna',
        error: 'no-dest',
        recipient: RECIPIENT,
        status: '5.1.1',
        errorDetail: '5.1.1 - GESTORE PEC S.p.A. - indirizzo non valido',
      },
    ],
    [
      { tipo: 'preavviso-errore-consegna', errore: 'altro', consegna: RECIPIENT },
      { type: 'preavviso-errore-consegna', error: 'altro', recipient: RECIPIENT },
    ],
    [
      { tipo: 'rilevazione-virus', errore: 'virus', consegna: RECIPIENT },
      { type: 'rilevazione-virus', error: 'virus', recipient: RECIPIENT },
    ],
  ])('%j', async (written, expected) => {
    expect(await receiptOf(written)).toMatchObject({ reference: REFERENCE, ...expected });
  });
});

describe('a receipt in the forms of providers', () => {
  const delivered = { tipo: 'avvenuta-consegna', consegna: RECIPIENT } as const;
  const named = 'Content-Disposition: attachment; filename="DatiCert.XML"';

  it.each<[string, WrittenReceipt]>([
    ['quoted-printable', { ...delivered, encoding: 'quoted-printable' }],
    ['8bit', { ...delivered, encoding: '8bit' }],
    ['binary', { ...delivered, encoding: 'binary' }],
    ['LF only', { ...delivered, newline: '\n' }],
    ['text/xml, in other case', { ...delivered, partHeader: `content-type: TEXT/XML\n${named}` }],
    ['application/octet-stream', { ...delivered, partHeader: `Content-Type: application/octet-stream\n${named}` }],
    [
      'a name in Content-Type alone',
      { ...delivered, partHeader: 'Content-Type: application/xml;\n\tname=daticert.xml' },
    ],
    [
      'a name by RFC 2231',
      {
        ...delivered,
        partHeader: "Content-Type: application/xml\nContent-Disposition: inline; filename*=utf-8''daticert%2Exml",
      },
    ],
    ['x-pkcs7-signature', { ...delivered, protocol: 'application/x-pkcs7-signature' }],
    [
      'no micalg, folded',
      {
        ...delivered,
        header: { 'Content-Type': 'multipart/signed;\n\tboundary=signed;\n\tprotocol="application/pkcs7-signature"' },
      },
    ],
    [
      'fields in odd case',
      {
        ...delivered,
        header: {
          'X-Ricevuta': null,
          'X-Riferimento-Message-ID': null,
          'x-RICEVUTA': '  Avvenuta-Consegna (receipt) ',
          'X-riferimento-message-id': `\n\t${REFERENCE}`,
        },
      },
    ],
    ['a reference without brackets', { ...delivered, header: { 'X-Riferimento-Message-ID': REFERENCE.slice(1, -1) } }],
    ['no reference in the header', { ...delivered, header: { 'X-Riferimento-Message-ID': null } }],
    ['namespaces', { ...delivered, xml: withPrefix(daticert(delivered)) }],
    [
      'other case',
      { ...delivered, xml: daticert(delivered).replaceAll(/<\/?[a-z-]+|tipo=/g, (name) => name.toUpperCase()) },
    ],
    ['a byte order mark', { ...delivered, xml: `\ufeff${daticert(delivered)}` }],
    ['UTF-16', { ...delivered, xml: Buffer.from(`\ufeff${daticert(delivered)}`, 'utf16le') }],
    ['no declaration', { ...delivered, xml: daticert(delivered).replace(/^<\?.*\?>/, '\n  ') }],
    ['CDATA', { ...delivered, xml: daticert(delivered).replace(/<msgid>.*</, `<msgid> <![CDATA[${REFERENCE}]]> <`) }],
    ['brackets as they are', { ...delivered, xml: daticert(delivered).replace(/<msgid>.*</, `<msgid>${REFERENCE}<`) }],
    ['an ampersand as it is', { ...delivered, xml: daticert(delivered).replace('&amp;', '& l&igrave;,\u0001') }],
    [
      'a DTD elsewhere',
      { ...delivered, xml: daticert(delivered).replace('?>', '?><!DOCTYPE postacert SYSTEM "x.dtd">') },
    ],
    [
      'a recipient with a name',
      { ...delivered, xml: daticert(delivered).replace(`>${RECIPIENT}</c`, `>Studio &lt;${RECIPIENT}&gt;</c`) },
    ],
    ['one recipient, and no consegna', { ...delivered, consegna: null }],
    ['a transport envelope behind it', { ...delivered, more: [attachedMessage('posta-certificata')] }],
  ])('%s', async (_name, written) => {
    expect(await receiptOf(written)).toMatchObject({
      type: 'avvenuta-consegna',
      error: 'nessuno',
      reference: REFERENCE,
      isReferenceSigned: true,
      recipient: RECIPIENT,
      recipients: [{ address: RECIPIENT, kind: 'certified' }],
      at: Date.parse('2025-10-07T09:05:01+02:00'),
    });
  });

  it.each<[declared: string, bytes: BufferEncoding]>([
    ['ISO-8859-1', 'latin1'],
    ['windows-1252', 'latin1'],
    ['UTF-8', 'latin1'],
    ['ISO-8859-1', 'utf8'],
    ['nobody-knows-it', 'latin1'],
  ])('says %s, is %s', async (declared, bytes) => {
    const xml = daticert({ tipo: 'errore-consegna', errore: 'altro', erroreEsteso: 'non è possibile' });
    const receipt = await receiptOf({
      tipo: 'errore-consegna',
      xml: Buffer.from(xml.replace('UTF-8', declared), bytes),
    });
    expect(receipt.errorDetail).toBe('non è possibile');
  });

  it('is in the encoding that it declares', async () => {
    const xml = daticert({ tipo: 'errore-consegna', errore: 'altro', erroreEsteso: 'costa 1 \xa4' });
    const bytes = Buffer.from(xml.replace('UTF-8', 'ISO-8859-15'), 'latin1');
    expect(await receiptOf({ tipo: 'errore-consegna', xml: bytes })).toMatchObject({ errorDetail: 'costa 1 €' });
  });

  it('says its form in the header alone', async () => {
    expect(await receiptOf({ ...delivered, header: { 'X-TipoRicevuta': 'Breve' } })).toMatchObject({ form: 'breve' });
  });

  it('has no reference that is signed', async () => {
    expect(
      await receiptOf({ ...delivered, msgid: null, header: { 'X-Riferimento-Message-ID': REFERENCE } }),
    ).toMatchObject({ reference: REFERENCE, isReferenceSigned: false });
  });

  it('has no reference at all', async () => {
    expect(await receiptOf({ ...delivered, msgid: null })).toMatchObject({ reference: null, isReferenceSigned: false });
  });

  it('names thousands of recipients', async () => {
    const destinatari = Array.from({ length: 3_000 }, (_, at) => [`n${at}@pec.altri.example`, 'certificato'] as const);
    expect((await receiptOf({ tipo: 'accettazione', destinatari })).recipients).toHaveLength(3_000);
  });
});

describe('who wrote it', () => {
  it.each([
    ['"Per conto di: x@evil.example" <Posta-Certificata@PEC.gestore.example>', PROVIDER_ADDRESS],
    ['=?utf-8?q?posta-certificata=40pec.gestore.example=2C?= <x@evil.example>', 'x@evil.example'],
    [`${PROVIDER_ADDRESS}, x@evil.example`, null],
    [`${PROVIDER_ADDRESS}\nFrom: x@evil.example`, null],
    ['', null],
    ['nobody', null],
  ])('%j', async (from, expected) => {
    expect(await receiptOf({ tipo: 'accettazione', header: { From: from } })).toMatchObject({ from: expected });
  });
});

function withPrefix(xml: string): string {
  return xml.replaceAll(/<(\/?)(?=[a-z])/g, '<$1pec:').replace('<pec:postacert', '<pec:postacert xmlns:pec="urn:x"');
}
