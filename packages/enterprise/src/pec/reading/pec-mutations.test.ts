// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mutationsOf } from '../../mail/mutations.case.ts';
import { readDaticert } from './daticert.ts';
import { daticert, RECIPIENT, REFERENCE, receiptMail } from './pec-mails.case.ts';
import { readPecMail } from './read-pec-mail.ts';
import { type PecMail, RECEIPT_TYPES } from './receipt.types.ts';
import { receiptOutcome } from './receipt-outcome.ts';
import { PEC_REASONS } from './receipt-reason.ts';

/** More runs by `GMP_FUZZ_RUNS`: the long form is 100,000. */
const RUNS = Number(process.env['GMP_FUZZ_RUNS'] ?? 500);
/** Of the long form, which needs some minutes. */
const TIMEOUT_MS = 30_000 + RUNS * 50;

const PIECES = [
  '\0',
  '\r',
  '\n',
  '\n\n',
  '--content\n',
  '--content--\n',
  '--signed\n',
  '--signed--\n',
  'X-Ricevuta: ',
  'Content-Type: multipart/mixed; boundary="',
  'Content-Type: message/rfc822\n\n',
  'Content-Transfer-Encoding: base64\n',
  'name="daticert.xml"',
  "; boundary*0*=nowhere''%zz%",
  "; boundary*=utf-8''%ff",
  '=?utf-8?b?',
  '<',
  '</',
  '>',
  '<![CDATA[',
  ']]>',
  '<!DOCTYPE x [<!ENTITY y "z">]>',
  '<!--',
  '<?',
  '&',
  '&#x110000;',
  '&constructor;',
  '&lt;',
  '"',
  '(',
  ';',
  '\xff\xfe',
  '\xef\xbb\xbf',
  '<consegna>',
  '<postacert tipo="accettazione">',
  '99/99/9999',
];
const WRITTEN = [
  { tipo: 'accettazione' },
  { tipo: 'avvenuta-consegna', consegna: RECIPIENT, ricevuta: 'breve' },
  { tipo: 'errore-consegna', errore: 'altro', consegna: RECIPIENT, erroreEsteso: '5.2.2 - GESTORE - casella piena' },
  { tipo: 'posta-certificata' },
];
const MAILS = WRITTEN.flatMap((written) => [
  receiptMail(written),
  receiptMail({ ...written, encoding: '8bit', newline: '\n' }),
]);
const mutated = mutationsOf(MAILS, PIECES);

function expectBounds(mail: PecMail): void {
  if (mail.kind !== 'receipt') return;
  const { receipt } = mail;
  expect(RECEIPT_TYPES).toContain(receipt.type);
  expect(receipt.reference ?? REFERENCE).toMatch(/^<[^<>\s\p{Cc}]{1,998}>$/u);
  for (const address of [...receipt.recipients.map((each) => each.address), receipt.recipient ?? 'a@b'])
    expect(address).toMatch(/^[^\s\p{Cc}]{3,320}$/u);
  for (const line of [receipt.errorDetail, receipt.identifier, receipt.provider])
    expect(line ?? 'x').toMatch(/^[^\p{Cc}]{1,500}$/u);
  const { reason, reasonClass, event } = receiptOutcome(receipt);
  expect(reason).toMatch(/^[^\p{Cc}]{1,500}$/u);
  if (event === 'pec_error') expect(PEC_REASONS).toContain(reasonClass);
  else expect(reasonClass).toBeNull();
}

it(`any mutation of a mail is read within its bounds (${RUNS} runs)`, { timeout: TIMEOUT_MS }, async () => {
  await fc.assert(
    fc.asyncProperty(mutated, fc.boolean(), async (raw, isTruncated) => {
      expectBounds(await readPecMail(raw, { isTruncated }));
    }),
    { numRuns: RUNS },
  );
});

it(`any mutation of a daticert.xml is read within its bounds (${RUNS} runs)`, { timeout: TIMEOUT_MS }, async () => {
  const documents = WRITTEN.map((written) => Buffer.from(daticert(written)));
  await fc.assert(
    fc.asyncProperty(mutationsOf(documents, PIECES), fc.constantFrom(...WRITTEN), async (xml, written) => {
      expectBounds(await readPecMail(receiptMail({ ...written, xml })));
    }),
    { numRuns: RUNS },
  );
});

it('any bytes are read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
      expect((await readPecMail(bytes)).kind).toBe('other');
      expect(readDaticert(bytes)).toBeNull();
    }),
    { numRuns: RUNS },
  );
});

it('the same bytes are read as the same', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async (raw) => {
      expect(await readPecMail(raw)).toEqual(await readPecMail(Uint8Array.from(raw)));
    }),
    { numRuns: Math.min(RUNS, 200) },
  );
});
