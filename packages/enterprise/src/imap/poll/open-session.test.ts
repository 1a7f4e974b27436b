// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { VirtualClock } from '@mail-proxy/core/testing';
import { expect, test } from 'vitest';
import type { Mailbox } from '../mailbox/mailbox.model.ts';
import { SessionOpener } from './open-session.ts';

const mailbox: Mailbox = {
  pk: 'mailbox',
  ...{ tenantId: null, accountPk: null, accountId: null, name: '', host: 'old.example', port: 993, tls: 'implicit' },
  ...{ tlsCa: null, allowCleartext: false, user: 'anna', folder: 'INBOX', purposes: ['bounces'] },
  ...{ afterHandling: 'flag', moveTo: null, pollIntervalS: 60, isEnabled: true, hasPassword: true, hasOAuth: false },
  ...{ version: 1, createdAt: 0, updatedAt: 0 },
};

test('the password of a mailbox that was changed meanwhile goes to no server', async () => {
  const asked: string[] = [];
  const opener = new SessionOpener({
    clock: new VirtualClock(),
    settings: { openMs: 1_000, commandMs: 1_000 },
    outgoing: {
      async addressesOf(host) {
        asked.push(host);
        throw new Error('nobody is to be asked');
      },
    },
    tokens: {
      source: () => () => Promise.reject(new Error('it has a password')),
    },
    login: async () => ({ version: 2, password: 'of the new server' }),
  });
  expect(await opener.open(mailbox, new AbortController().signal)).toBeNull();
  expect(asked).toEqual([]);
});
