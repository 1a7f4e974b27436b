// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compose } from '../compose/compose.ts';
import type { Mailbox } from '../compose/content.ts';
import { parseMailbox } from '../compose/mailbox.ts';
import { headOf } from '../message-body.ts';
import { headerAddresses } from './header-addresses.ts';

const lines = (...fields: readonly string[]): string => fields.map((field) => `${field}\r\n`).join('');

test('addresses come without names, out of groups, folded fields and fields that come twice', () => {
  const head = lines(
    'From: "Rossi, Mario" <mario@Pec.example>',
    'Sender: other@pec.example',
    'TO: =?utf-8?q?J=C3=B6rg?= <joerg@acme.example>,',
    ' Team: bob@example.org, carol@example.org;',
    'To: dave@example.org',
    'Cc: Nobody:;',
    'Bcc: eve@example.org',
    'X-To: fay@example.org',
  );
  expect(headerAddresses(head)).toEqual({
    from: ['mario@Pec.example'],
    sender: ['other@pec.example'],
    to: ['joerg@acme.example', 'bob@example.org', 'carol@example.org', 'dave@example.org'],
    cc: [],
    bcc: ['eve@example.org'],
    unreadable: [],
  });
});

test('a field that cannot be read is named, and one that is empty says nothing', () => {
  const head = lines('From: a@example.com, b@example.com', 'To: not an address', 'To: c@example.org', 'Bcc:');
  expect(headerAddresses(head)).toEqual({
    from: ['a@example.com', 'b@example.com'],
    sender: [],
    to: ['c@example.org'],
    cc: [],
    bcc: [],
    unreadable: ['to'],
  });
});

test('where a line is no field, no field can be believed', () => {
  const head = 'From: a@example.com\r\nno field\r\n';
  expect(headerAddresses(head).unreadable).toEqual(['from', 'sender', 'to', 'cc', 'bcc']);
});

test('of what the composer writes all is read back', () => {
  const mailbox = fc
    .tuple(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.nat(999))
    .map(([name, number]) =>
      parseMailbox(`${JSON.stringify(name.replaceAll(/[\p{Cc}\\"]/gu, ''))} <u${number}@example.org>`),
    )
    .filter((parsed) => parsed.ok)
    .map(({ mailbox }): Mailbox => mailbox);
  const list = fc.array(mailbox, { maxLength: 5 });
  fc.assert(
    fc.property(mailbox, list, list, (from, to, cc) => {
      const { body } = compose({
        ...{ from, to: [{ group: 'Team', members: to }], cc, replyTo: [], subject: 's', text: 't', html: null },
        ...{ calendar: null, headers: [], attachments: [], detached: [], messageId: '<1@example.com>', date: 0 },
      });
      expect(headerAddresses(headOf(body))).toEqual({
        from: [from.address],
        sender: [],
        to: to.map(({ address }) => address),
        cc: cc.map(({ address }) => address),
        bcc: [],
        unreadable: [],
      });
    }),
  );
});
