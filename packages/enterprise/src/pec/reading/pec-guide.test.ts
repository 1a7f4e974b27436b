// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { RECIPIENT, receiptMail } from './pec-mails.case.ts';
import { readPecMail } from './read-pec-mail.ts';
import { RECEIPT_TYPES } from './receipt.types.ts';
import { receiptOutcome } from './receipt-outcome.ts';

const GUIDE = new URL('../../../../../docs/guide/pec.md', import.meta.url);

it('the guide says what each type becomes, and whether it is the last word', async () => {
  const guide = await readFile(GUIDE, 'utf8');
  const rows = [...guide.matchAll(/^\| `([a-z-]+)` \| `(pec_[a-z]+)`[^|]*\|[^|]+\| (.*) ?\|$/gm)];
  const told = rows.map(([, type, event, isFinal]) => [type, event, isFinal?.trim() === 'yes']);
  const read = RECEIPT_TYPES.map(async (tipo) => {
    const mail = await readPecMail(receiptMail({ tipo, consegna: RECIPIENT }));
    if (mail.kind !== 'receipt') expect.fail(`is ${JSON.stringify(mail)}`);
    const { event, isFinal } = receiptOutcome(mail.receipt);
    return [tipo, event, isFinal];
  });
  expect(told.sort()).toEqual((await Promise.all(read)).sort());
});
