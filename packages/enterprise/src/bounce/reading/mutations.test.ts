// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mutationsOf } from '../../mail/mutations.case.ts';
import { readReturnedMail } from './read-returned-mail.ts';
import { RETURNED_MAILS } from './returned-mails.case.ts';

/** More runs by `GMP_FUZZ_RUNS`: the long form is 100,000. */
const RUNS = Number(process.env['GMP_FUZZ_RUNS'] ?? 500);
/** Of the long form, which needs some minutes. */
const TIMEOUT_MS = 30_000 + RUNS * 50;

const MAILS = RETURNED_MAILS.map(([, raw]) => Buffer.from(raw));
/** What a parser may stumble over, put anywhere. */
const PIECES = [
  '\0',
  '\r',
  '\n',
  '\n\n',
  '\r\n',
  '--b\n',
  '--b--\n',
  'Content-Type: ',
  'boundary="',
  '=?utf-8?b?',
  '?=',
  '=',
  '<',
  '>',
  '@',
  '"',
  '(',
  ';',
  ': ',
  '\u001b$B',
  '\xff\xfe',
  'Final-Recipient: rfc822;',
  'Action: ',
  '5.1.1',
  '550-',
  'Content-Transfer-Encoding: base64\n',
  '&#x110000;',
  '\\x{ffffff}',
];

const mutated = mutationsOf(MAILS, PIECES);

it(`any mutation of a mail has a verdict within its bounds (${RUNS} runs)`, { timeout: TIMEOUT_MS }, async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async (raw) => {
      const mail = await readReturnedMail(raw);
      expect(mail.original.addressedTo.length).toBeLessThanOrEqual(20);
      if (mail.kind !== 'bounce' && mail.kind !== 'delay') return;
      for (const { address, reason, status, replyCode, permanence, action, addressDead } of mail.recipients) {
        expect(address.length).toBeLessThanOrEqual(320);
        expect(reason).toMatch(/^[^\p{Cc}]{0,500}$/u);
        expect(status ?? '5.0.0').toMatch(/^[245]\.\d{1,3}\.\d{1,3}$/);
        expect(replyCode ?? 550).toBeGreaterThanOrEqual(400);
        if (mail.kind === 'delay' || action === 'delayed') expect(permanence).toBe('temporary');
        if (addressDead) expect(permanence).toBe('permanent');
      }
    }),
    { numRuns: RUNS },
  );
});

it('the same bytes have the same verdict', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async (raw) => {
      expect(await readReturnedMail(raw)).toEqual(await readReturnedMail(Uint8Array.from(raw)));
    }),
    { numRuns: Math.min(RUNS, 200) },
  );
});
