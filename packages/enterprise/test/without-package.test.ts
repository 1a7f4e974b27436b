// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine, type MailEngine, type Mixin } from '@mail-proxy/core';
import { type SmtpSink, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { bounceMixin } from '../src/bounce/bounce.mixin.ts';
import { mixins } from '../src/index.ts';
import { bounced, eventsUntil, recipient } from './bounce-world.case.ts';
import { provider, SENDER } from './pec-world.case.ts';

/** The mixins of the package, in which a bounce comes as what was read of it. */
const installed = mixins.map((mixin) =>
  mixin.id === 'bounce' ? bounceMixin(async (raw) => JSON.parse(Buffer.from(raw).toString())) : mixin,
);

async function open(database: string, installedMixins: readonly Mixin[]): Promise<MailEngine> {
  const engine = await createMailEngine({ config: { database }, mixins: installedMixins });
  await engine.start();
  return engine;
}

async function send(engine: MailEngine, sink: SmtpSink, id: string) {
  const before = sink.messages.length;
  await engine.submit([{ id, from: 'a@example.com', to: [`${id}@example.org`], subject: id, text: 'Hello.\n' }]);
  await eventsUntil(engine, 'default', (event) => event.id === id && event.event === 'sent');
  return sink.messages[before];
}

const post = (engine: MailEngine, mail: ReturnType<typeof bounced>) =>
  engine.execute('bounces.receive', { mail_base64: Buffer.from(JSON.stringify(mail)).toString('base64') });

test('without the package mail goes on and its data stays, and with it all goes on where it was', async () => {
  await using sink = await startSmtpSink();
  using dir = tempDir();
  const database = dir.file('mail.db');
  const names = { tenant_id: 'default' };
  const settings = { ...names, return_path_domain: 'bounce.example.com' };
  const mailbox = { ...names, host: '127.0.0.1', port: 1, user: 'bounces', password: 'secret', purposes: ['bounces'] };
  const unmatched = bounced({ messageId: '<nobody@example.net>' });
  let returnPath = '';
  {
    await using engine = await open(database, installed);
    expect([engine.edition, engine.mixins]).toEqual(['enterprise', mixins.map(({ id }) => id)]);
    await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none' });
    await engine.execute('bounces.update-settings', settings);
    await engine.execute('mailboxes.create', mailbox);
    const first = await send(engine, sink, 'first');
    await post(engine, bounced({ addressedTo: [first?.from ?? ''] }, [recipient('first@example.org')]));
    await post(engine, unmatched);
    returnPath = (await send(engine, sink, 'second'))?.from ?? '';
    expect(returnPath).toContain('@bounce.example.com');
  }
  {
    await using engine = await open(database, []);
    expect([engine.edition, engine.mixins]).toEqual(['community', []]);
    expect(await engine.execute('instance.get', {})).toMatchObject({ edition: 'community', mixins: [] });
    expect(engine.operations.map(({ name }) => name).filter((name) => /bounces|mailboxes/.test(name))).toEqual([]);
    expect(await send(engine, sink, 'third')).toMatchObject({ from: 'a@example.com', envelopeId: null });
    // What was found out is core's, and stays to be seen and to be gone by.
    expect(await engine.execute('messages.get', { message_id: 'first' })).toMatchObject({ bounce_type: 'hard' });
    const events = await engine.execute('messages.events', { message_id: 'first' });
    expect(events).toMatchObject({ items: [{ type: 'sent' }, { type: 'bounce', bounce_code: '5.1.1' }] });
    const again = { from: 'a@example.com', to: ['first@example.org'], subject: 'again', text: 'Hello.\n' };
    expect((await engine.submit([again])).results).toMatchObject([{ status: 'rejected', code: 'suppressed' }]);
  }
  {
    await using engine = await open(database, installed);
    expect(await engine.execute('bounces.settings', names)).toMatchObject({ ...settings, enabled: true });
    expect(await engine.execute('mailboxes.list', {})).toMatchObject({ items: [{ user: 'bounces' }] });
    expect(await engine.execute('bounces.list-unmatched', {})).toMatchObject({ items: [{ why: 'no_message' }] });
    // A bounce that was under way finds back.
    const late = bounced({ addressedTo: [returnPath] }, [recipient('second@example.org')]);
    expect(await post(engine, late)).toMatchObject({ matched_by: 'return_path', events: [{ is_new: true }] });
    expect((await send(engine, sink, 'fourth'))?.from).toContain('@bounce.example.com');
  }
});

test('without the package receipts stay in the archive, and with it the wait goes on', async () => {
  await using sink = await startSmtpSink();
  using dir = tempDir();
  const database = dir.file('mail.db');
  const recipients = ['anna@pec.example.org'];
  const about = { sender: SENDER, recipients, reference: '', at: Date.now() };
  const receive = (engine: MailEngine, mail: Buffer) =>
    engine.execute('pec.receive', { tenant_id: 'default', mail_base64: mail.toString('base64') });
  {
    await using engine = await open(database, installed);
    await engine.execute('tenants.update', { tenant_id: 'default', pec: { trust_anchors: provider.ca } });
    const account = { id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none', pec: true };
    await engine.execute('accounts.create', account);
    await engine.submit([{ id: 'm1', from: SENDER, to: recipients, subject: 'm1', text: 'Salve.\n' }]);
    await eventsUntil(engine, 'default', (event) => event.id === 'm1' && event.event === 'sent');
    about.reference = sink.messages[0]?.messageId ?? '';
    const received = await receive(engine, provider.receipt({ type: 'accettazione', ...about }));
    expect(received).toMatchObject({ events: [{ type: 'pec_acceptance' }] });
  }
  {
    await using engine = await open(database, []);
    expect(engine.operations.map(({ name }) => name).filter((name) => name.startsWith('pec.'))).toEqual([]);
    const events = await engine.execute('messages.events', { message_id: 'm1' });
    expect(events).toMatchObject({ items: [{ type: 'sent' }, { type: 'pec_acceptance', extra: { verified: true } }] });
    await expect(engine.execute('tenants.update', { tenant_id: 'default', pec: null })).rejects.toMatchObject({
      code: 'enterprise_required',
    });
  }
  await using engine = await open(database, installed);
  expect(await engine.execute('pec.list-receipts', {})).toMatchObject({ items: [{ type: 'accettazione' }] });
  expect(await engine.execute('pec.status', { message_id: 'm1' })).toMatchObject({
    recipients: [{ state: 'accepted', awaits: 'delivery_notice' }],
  });
  const delivery = provider.receipt({ type: 'avvenuta-consegna', recipient: 'anna@pec.example.org', ...about });
  expect(await receive(engine, delivery)).toMatchObject({ events: [{ type: 'pec_delivery', is_new: true }] });
});
