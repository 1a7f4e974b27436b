// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine } from '@mail-proxy/core';
import {
  type SinkMessage,
  startDovecot,
  startReportReceiver,
  startSmtpSink,
  tempDir,
  whyNoDovecot,
} from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { mixins } from '../src/index.ts';
import { addMailbox, KEY, loggedIn } from './mailbox-world.case.ts';

const missing = whyNoDovecot();

test.skipIf(missing !== null)(
  `a message is sent, its bounce lands in a mailbox, the tenant is told, and the next message is refused${missing === null ? '' : ` (skipped: ${missing})`}`,
  async () => {
    await using dovecot = await startDovecot();
    await using user = await loggedIn(dovecot, 'bounces');
    await using relay = await startSmtpSink();
    await using tenant = await startReportReceiver();
    using dir = tempDir();
    await using engine = await createMailEngine({
      mixins,
      config: { database: dir.file('mail.db'), encryptionKey: KEY, outgoing: { allowPrivateNetworks: true } },
    });
    await engine.execute('tenants.create', { id: 'shop', client_base_url: tenant.url });
    await engine.execute('accounts.create', {
      ...{ id: 'relay', tenant_id: 'shop', host: '127.0.0.1', port: relay.port, tls: 'none' },
    });
    await engine.execute('bounces.update-settings', { tenant_id: 'shop', return_path_domain: 'bounce.example.com' });
    await addMailbox({ engine }, { tenant_id: 'shop', port: dovecot.port, user: 'bounces' });
    await engine.start();

    const mail = { from: 'shop@example.com', to: ['nobody@example.org'], subject: 'Your order', text: 'Thank you.\n' };
    await engine.submit([{ id: 'order-1', ...mail }], { tenantId: 'shop' });
    const [sent] = await relay.waitFor(1);
    if (sent === undefined) return expect.unreachable();
    await user.append(dsnOf(sent));

    const told = await tenant.waitForReports(({ event }) => event === 'bounce');
    expect(told).toMatchObject({
      ...{ id: 'order-1', event: 'bounce', bounce_type: 'hard', bounce_code: '5.1.1' },
      feedback: { recipient: 'nobody@example.org', reason_class: 'user_unknown', address_dead: true },
    });
    expect(await engine.execute('messages.get', { message_id: 'order-1', tenant_id: 'shop' })).toMatchObject({
      result: 'sent',
      bounce_type: 'hard',
    });
    const { items } = (await engine.execute('suppressions.list', { tenant_id: 'shop' })) as {
      items: readonly object[];
    };
    expect(items).toMatchObject([{ address: 'nobody@example.org', reason: 'hard_bounce' }]);

    const refused = await engine.submit([{ id: 'order-2', ...mail }], { tenantId: 'shop' });
    expect(refused.results).toMatchObject([{ status: 'rejected' }]);
    expect(relay.messages).toHaveLength(1);
  },
);

/** What a server says that has nobody of that name, as RFC 3464 has it, to where the message came from. */
function dsnOf(sent: SinkMessage): Buffer {
  const head = sent.raw.toString('latin1').split('\r\n\r\n')[0] ?? '';
  const lines = [
    'Return-Path: <>',
    `Delivered-To: ${sent.from}`,
    'From: Mail Delivery System <MAILER-DAEMON@mx.example.org>',
    `To: ${sent.from}`,
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Message-ID: <dsn-1@mx.example.org>',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="cut"',
    '',
    '--cut',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'I am sorry: your message could not be delivered to nobody@example.org.',
    '',
    '--cut',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example.org',
    `Original-Envelope-Id: ${sent.envelopeId ?? ''}`,
    '',
    'Final-Recipient: rfc822; nobody@example.org',
    'Action: failed',
    'Status: 5.1.1',
    'Remote-MTA: dns; mail.example.org',
    'Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown',
    '',
    '--cut',
    'Content-Type: text/rfc822-headers',
    '',
    head,
    '',
    '--cut--',
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}
