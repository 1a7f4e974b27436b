// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin, type Hooks, type SubmittedMail } from '@mail-proxy/core';
import { startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, eventsUntil, mail, messageOf, openWorld } from './engine-world.case.ts';

const asking = (accepting: Hooks['accepting']) =>
  defineMixin({ id: 'rules', contract: 1, setup: () => ({ hooks: { accepting } }) });

/** Refuses what goes to Bob, and keeps what it was told of all. */
function withoutBob() {
  const told: SubmittedMail[] = [];
  const rules = asking((_, submitted) => {
    told.push(submitted);
    return submitted.to.includes('bob@example.org') ? [{ field: 'to', message: 'expected anybody but Bob' }] : null;
  });
  return { told, rules };
}

test('complete messages are held against what their header says, whoever they are sent to', async () => {
  const { told, rules } = withoutBob();
  await using world = await openWorld({ start: false, mixins: [rules] });
  await addAccount(world, { port: 1 });
  const head =
    'From: a@example.net\r\nSender: b@example.net\r\nTo: nobody at all\r\nCc: c@example.org\r\nBcc: d@example.org\r\n';
  const raw = Buffer.from(`${head}\r\nHi.\r\n`);
  expect(await world.engine.submit([{ id: 'm1', raw, to: ['bob@example.org'] }])).toMatchObject({
    results: [{ code: 'invalid_input', problems: [{ pointer: '/messages/0/to' }] }],
  });
  expect(await world.engine.submit([{ id: 'm1', raw, to: ['eve@example.org'] }])).toMatchObject({ accepted: 1 });
  expect(told.map((each) => ({ ...each, header: each.header() }))[0]).toEqual({
    ...{ returnPaths: ['a@example.net'], to: ['bob@example.org'], minBytes: 5, isComplete: true },
    header: {
      ...{ from: ['a@example.net'], sender: ['b@example.net'], to: [], cc: ['c@example.org'], bcc: ['d@example.org'] },
      unreadable: ['to'],
    },
  });
});

test('files count as they are sent, those that are to be fetched not at all', async () => {
  const { told, rules } = withoutBob();
  await using world = await openWorld({ start: false, mixins: [rules] });
  await addAccount(world, { port: 1 });
  const attachments = [
    { filename: 'a.bin', content: Buffer.alloc(5_700) },
    { filename: 'b.bin', storage_path: 'https://files.example.org/b.bin' },
  ];
  await world.engine.submit([mail('m1', { text: '12345', html: '<p>', attachments })]);
  // 100 lines of 76 characters, and a line end between them.
  expect(told[0]?.minBytes).toBe(5 + 3 + 7_600 + 2 * 99);
});

test('messages in the answer to a report are asked about, too', async () => {
  const { rules } = withoutBob();
  await using relay = await startSmtpSink();
  const messages = [mail('m1', { to: ['bob@example.org'] }), mail('m2')];
  await using receiver = await startReportReceiver({
    answer: (_, n) => (n === 1 ? { json: { ok: true, messages } } : {}),
  });
  await using world = await openWorld({ mixins: [rules] });
  await addAccount(world, relay);
  await world.engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
  await eventsUntil(world, ({ id, event }) => id === 'm2' && event === 'sent');
  await expect(messageOf(world, 'm1')).rejects.toMatchObject({ code: 'not_found' });
  const { items } = (await world.engine.execute('tenants.report-calls', { tenant_id: 'default' })) as {
    items: readonly { readonly messages_rejected: readonly unknown[] }[];
  };
  expect(items.flatMap(({ messages_rejected }) => messages_rejected)).toMatchObject([
    { index: 0, id: 'm1', code: 'invalid_input', reason: '/to: expected anybody but Bob' },
  ]);
});

test('a mixin that fails takes nothing of the request', async () => {
  const rules = asking(async ({ id }) => {
    if (id === 'm2') throw new Error('bug');
    return null;
  });
  await using world = await openWorld({ start: false, mixins: [rules] });
  await addAccount(world, { port: 1 });
  await expect(world.engine.submit([mail('m2')])).rejects.toThrow('bug');
  expect(await world.engine.submit([mail('m1')])).toMatchObject({ accepted: 1 });
});
