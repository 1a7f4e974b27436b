// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { UploadedFile } from '@mail-proxy/core';
import { expect, test } from 'vitest';
import { ANNA, openPecWorld, provider, SENDER } from './pec-world.case.ts';

test('of large receipts that are posted at once one of a tenant is in memory, and all are kept', async () => {
  await using world = await openPecWorld();
  const { messageId: reference = '' } = await world.send('m1');
  const forMail = world.engine.operations.find(({ name }) => name === 'pec.receive')?.http?.forMail;
  if (forMail === undefined) throw new Error('no mail can be posted');
  const kept: number[] = [];
  const mailOf = (nth: number): UploadedFile => {
    const original = `Subject: ${nth}\r\n\r\n${'0123456789'.repeat(110_000)}\r\n`;
    const about = { reference, sender: SENDER, recipients: [ANNA], recipient: ANNA };
    const mail = provider.receipt({ type: 'avvenuta-consegna', ...about, original });
    return new UploadedFile({
      ...{ sizeBytes: mail.byteLength, md5: '', sha256: '' },
      async *read() {
        kept.push((await world.receipts()).length);
        yield mail;
      },
      [Symbol.asyncDispose]: async () => {},
    });
  };
  await Promise.all([1, 2, 3].map((nth) => world.engine.execute(forMail, { raw: mailOf(nth), tenant_id: 'acme' })));
  // Whichever begins, those before it are written.
  expect(kept).toEqual([0, 1, 2]);
  expect(await world.receipts({ state: 'matched' })).toHaveLength(3);
});
