// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { HookedMessage, OutgoingMail, SubmittedMail } from '@mail-proxy/core';
import { expect, test } from 'vitest';
import { pecSendingHooks } from './pec-sending-hooks.ts';

const message: HookedMessage = { messagePk: 'pk', id: 'id', tenantId: 'acme', accountPk: 'account', attempt: 1 };
const envelope = { from: 'a@pec.example', to: ['b@pec.example'] };

/** A mail of which nothing may be asked. */
function untouched(): SubmittedMail & OutgoingMail {
  const asked = (): never => {
    throw new Error('asked for what nobody needs');
  };
  return {
    get returnPaths() {
      return asked();
    },
    get to() {
      return asked();
    },
    header: asked,
    minBytes: 0,
    isComplete: false,
    recipients: 1,
    sizeBytes: 0,
    detached: [],
  };
}

/** To nobody that its header shows. */
const WRONG: SubmittedMail & OutgoingMail = {
  returnPaths: ['a@pec.example'],
  to: ['b@pec.example'],
  header: () => ({ from: ['a@pec.example'], sender: [], to: [], cc: [], bcc: [], unreadable: [] }),
  ...{ minBytes: 1, isComplete: false, recipients: 1, sizeBytes: 1, detached: [] },
};

test('ordinary mail is answered for at once, and nothing of it is looked at', () => {
  const hooks = pecSendingHooks({ recent: () => false });
  expect(hooks.accepting(message, untouched())).toBe(null);
  expect(hooks.enveloping(message, envelope)).toBe(null);
  expect(hooks.sending(message, untouched())).toBe(null);
});

test.each([
  ['at once', (): boolean => true],
  ['later', async (): Promise<boolean> => true],
])('certified mail is held to the rules, whether its account is known %s', async (_, recent) => {
  const hooks = pecSendingHooks({ recent });
  expect(await hooks.accepting(message, WRONG)).toMatchObject([{ field: 'to' }, { field: 'to' }]);
  expect(await hooks.sending(message, WRONG)).toMatchObject({ admit: false, permanence: 'permanent' });
  expect(await hooks.enveloping(message, envelope)).toEqual({ allOrNone: true });
});

test('where accounts cannot be read no mail passes as ordinary', async () => {
  const hooks = pecSendingHooks({ recent: () => Promise.reject(new Error('no database')) });
  await expect(hooks.accepting(message, WRONG)).rejects.toThrow('no database');
  await expect(hooks.enveloping(message, envelope)).rejects.toThrow('no database');
  await expect(hooks.sending(message, WRONG)).rejects.toThrow('no database');
});

test('one attempt goes by what its account was when it began', async () => {
  let isPec = false;
  const hooks = pecSendingHooks({ recent: () => isPec });
  hooks.enveloping(message, envelope);
  isPec = true;
  expect(hooks.sending(message, WRONG)).toBe(null);
  const next = { ...message, attempt: 2 };
  hooks.enveloping(next, envelope);
  isPec = false;
  expect(hooks.sending(next, WRONG)).toMatchObject({ admit: false });
});
