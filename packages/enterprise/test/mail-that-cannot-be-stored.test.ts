// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { DatabaseSync } from 'node:sqlite';
import { createMailEngine } from '@mail-proxy/core';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { bounce } from '../src/bounce/bounce.mixin.ts';
import { startFolderServer } from './folder-server.case.ts';
import { addMailbox, KEY, openMailboxWorld, returned } from './mailbox-world.case.ts';

const skip = inject('pgSkip');

describe.skipIf(skip !== '')(`NUL on PostgreSQL${skip === '' ? '' : ` (skipped: ${skip})`}`, () => {
  test('in the Message-ID of a mail holds up nothing: it is handled, and so is what comes next', async () => {
    const { url, drop } = await createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));
    await using server = await startFolderServer();
    server.add(returned('one'), Buffer.from('Subject: two\r\nMessage-ID: <a\0@b>\r\n\r\nx\r\n'), returned('three'));
    {
      await using world = await openMailboxWorld({ database: url });
      const { pk } = await addMailbox(world, { port: server.port });
      const { counts } = await world.until(pk, ({ condition }) => condition === 'ok');
      expect(await world.subjects()).toEqual(['one', 'two', 'three']);
      expect(counts).toMatchObject({ handled: 3, retrying: 0 });
    }
    await drop();
  });

  test('in all that is kept of a bounce: it is kept without', async () => {
    const { url, drop } = await createDatabase(inject('pgUrl') ?? '', inject('pgMigrated'));
    {
      await using engine = await createMailEngine({ config: { database: url, encryptionKey: KEY }, mixins: [bounce] });
      await engine.start();
      const status =
        'Reporting-MTA: dns; m\0x\n\nFinal-Recipient: rfc822; a\0nn@example.org\nAction: failed\nStatus: 5.1.1\n';
      const mail = [
        'From: mailer-daemon@example.org\nDelivered-To: =?utf-8?q?b=00@example.net?=\nIn-Reply-To: =?utf-8?q?<1=00@b>?=',
        `Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n${Buffer.from(status).toString('base64')}\n`,
      ].join('\n');
      const posted = { mail_base64: Buffer.from(mail).toString('base64') };
      expect(await engine.execute('bounces.receive', posted)).toMatchObject({ kind: 'bounce', unmatched: true });
      expect(await engine.execute('bounces.list-unmatched', {})).toMatchObject({
        items: [{ message_id: '<1@b>', reporting_mta: 'mx', recipients: [{ address: 'ann@example.org' }] }],
      });
    }
    await drop();
  });
});

test('a mail whose Message-ID the database refuses is a failure without it, and holds up nothing', async () => {
  using dir = tempDir();
  await using server = await startFolderServer();
  server.add(returned('one'), Buffer.from('Subject: two\r\nMessage-ID: <bad@b>\r\n\r\nx\r\n'), returned('three'));
  const database = dir.file('mail.db');
  await openMailboxWorld({ database }).then((world) => world[Symbol.asyncDispose]());
  // While the engine has it closed: two copies of SQLite in one process know nothing of each other's locks.
  const file = new DatabaseSync(database);
  file.exec(`create trigger refuses before insert on imap_mails when new.message_id = '<bad@b>'
    begin select raise(abort, 'refused'); end`);
  file.close();
  await using world = await openMailboxWorld({ database });
  const { pk } = await addMailbox(world, { port: server.port });
  const { counts } = await world.until(pk, ({ condition }) => condition === 'ok');
  expect(await world.subjects()).toEqual(['one', 'three']);
  expect(counts).toMatchObject({ handled: 2, retrying: 1 });
});
