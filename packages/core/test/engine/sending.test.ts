// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { defineMixin, type Enveloping, type HeaderAddresses, type Hooks, type OutgoingMail } from '@mail-proxy/core';
import { startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, historyUntil, mail, messageOf, openWorld } from './engine-world.case.ts';

type Told = Omit<OutgoingMail, 'header'> & { readonly header: HeaderAddresses };

/** Keeps what it was told, and lets all pass unless told otherwise. */
function looking({ answer = () => null, enveloping }: { answer?: Hooks['sending']; enveloping?: Enveloping } = {}) {
  const told: Told[] = [];
  const mixin = defineMixin({
    id: 'last-look',
    contract: 1,
    setup: () => ({
      hooks: {
        ...(enveloping === undefined ? {} : { enveloping: () => enveloping }),
        composing: (content) => ({ ...content, cc: [{ name: 'Added', address: 'added@example.org' }] }),
        sending(message, outgoing) {
          told.push({ ...outgoing, header: outgoing.header() });
          return answer(message, outgoing);
        },
      },
    }),
  });
  return { told, mixin };
}

test('a mixin sees what goes on the wire: envelope, header and octets, as other mixins made them', async () => {
  const { told, mixin } = looking({ enveloping: { returnPath: 'back@bounce.example.com' } });
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.execute('dkim-keys.create', { domain: 'example.com', selector: 's', generate: 'ed25519' });
  await world.engine.submit([mail('m1', { from: 'Präsident <sender@example.com>', bcc: ['blind@example.org'] })]);
  const [message] = await sink.waitFor(1);
  expect(message?.raw.toString()).toMatch(/^DKIM-Signature: /);
  expect(told).toEqual([
    {
      ...{ returnPaths: ['back@bounce.example.com'], to: ['one@example.org', 'blind@example.org'], recipients: 2 },
      sizeBytes: message?.raw.length,
      detached: [],
      header: {
        ...{ from: ['sender@example.com'], sender: [], to: ['one@example.org'], cc: ['added@example.org'], bcc: [] },
        unreadable: [],
      },
    },
  ]);
});

test('of a message that is read while it is sent the octets are known', async () => {
  const { told, mixin } = looking();
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  const lines = randomBytes(1_500_000).toString('base64').replaceAll(/.{76}/g, '$&\r\n');
  const raw = new Blob(['From: a@example.com\r\nTo: b@example.org\r\nBcc: c@example.org\r\n\r\n', lines]);
  await world.engine.submit([
    { id: 'm1', raw },
    mail('m2', { attachments: [{ filename: 'a.bin', content: new Blob([randomBytes(1_500_000)]) }] }),
  ]);
  const messages = await sink.waitFor(2);
  expect(told.map(({ sizeBytes }) => sizeBytes).toSorted()).toEqual(messages.map(({ raw }) => raw.length).toSorted());
  expect(told.find(({ to }) => to.includes('c@example.org'))?.header).toMatchObject({
    ...{ from: ['a@example.com'], to: ['b@example.org'], bcc: [], unreadable: [] },
  });
});

test('a permanent refusal fails the recipients with its reason, and no connection is used', async () => {
  const reason = 'not by this relay';
  const { mixin } = looking({ answer: () => ({ admit: false, reason, permanence: 'permanent' }) });
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', { to: ['one@example.org', 'two@example.org'] })]);
  await historyUntil(world, 'm1', 'error');
  const refused = { state: 'failed', stage: 'admit', reply: reason, verdict: 'policy' };
  expect(await messageOf(world, 'm1')).toMatchObject({ result: 'failed', recipients: [refused, refused] });
  expect(sink.connections.total).toBe(0);
});

test('a refusal for now is asked about again', async () => {
  let asked = 0;
  const later = { admit: false, reason: 'later', permanence: 'temporary' } as const;
  const { mixin } = looking({ answer: () => (++asked === 1 ? later : null) });
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1')]);
  const events = await historyUntil(world, 'm1', 'sent');
  expect(events.map(({ event }) => event)).toEqual(['deferred', 'sent']);
});

test('recipients that are suppressed, or were served before, count in all and are not among those of the attempt', async () => {
  const { told, mixin } = looking();
  await using sink = await startSmtpSink({
    onRcpt: (address, attempt) =>
      address.startsWith('two') && attempt === 1 ? { code: 450, text: '4.2.0 later' } : null,
  });
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.execute('suppressions.add', { address: 'gone@example.org' });
  await world.engine.submit([mail('m1', { to: ['one@example.org', 'two@example.org', 'gone@example.org'] })]);
  await historyUntil(world, 'm1', 'partially_sent');
  expect(told.map(({ to, recipients }) => [to, recipients])).toEqual([
    [['one@example.org', 'two@example.org'], 3],
    [['two@example.org'], 3],
  ]);
});

test('under all or none a message waits for a recipient that is refused for now, and goes to all in one transaction', async () => {
  const { told, mixin } = looking({ enveloping: { allOrNone: true } });
  await using sink = await startSmtpSink({
    onRcpt: (address, attempt) =>
      address.startsWith('two') && attempt === 1 ? { code: 450, text: '4.2.0 later' } : null,
  });
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  const to = ['one@example.org', 'two@example.org', 'three@example.org'];
  await world.engine.submit([mail('m1', { to })]);
  await historyUntil(world, 'm1', 'sent');
  expect(sink.messages.map((message) => message.to)).toEqual([to]);
  expect(told).toHaveLength(2);
});

test('return paths of their own are told, each once', async () => {
  const returnPath = (recipient: string): string => (recipient.startsWith('one') ? 'a@example.com' : 'b@example.com');
  const { told, mixin } = looking({ enveloping: { returnPath } });
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', { to: ['one@example.org', 'two@example.org', 'three@example.org'] })]);
  await sink.waitFor(2);
  expect(told[0]?.returnPaths).toEqual(['a@example.com', 'b@example.com']);
});
