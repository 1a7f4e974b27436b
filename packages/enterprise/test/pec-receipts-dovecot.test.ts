// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine } from '@mail-proxy/core';
import {
  eventually,
  type ReportReceiver,
  startDovecot,
  startReportReceiver,
  startSmtpSink,
  tempDir,
  whyNoDovecot,
} from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { mixins } from '../src/index.ts';
import { addMailbox, type ImapUser, KEY, loggedIn, type StatusView } from './mailbox-world.case.ts';
import { ANNA, BRUNO, bytesOf, CARLA, provider, SENDER, stranger } from './pec-world.case.ts';

const missing = whyNoDovecot();
const reason = missing === null ? '' : ` (skipped: ${missing})`;
/** What mailboxes are read up to otherwise, several times. */
const LARGE = 3 * 1_048_576;

test.skipIf(missing !== null)(
  `receipts of every type land in a mailbox and are told to the tenant by recipient, forged ones are not${reason}`,
  async () => {
    await using dovecot = await startDovecot();
    await using user = await loggedIn(dovecot, 'receipts');
    await using relay = await startSmtpSink();
    await using tenant = await startReportReceiver();
    using dir = tempDir();
    await using engine = await createMailEngine({
      mixins,
      mixinConfig: { pec: { trustAnchors: provider.ca } },
      config: { database: dir.file('mail.db'), encryptionKey: KEY, outgoing: { allowPrivateNetworks: true } },
    });
    await engine.execute('tenants.create', { id: 'shop', client_base_url: tenant.url });
    const account = { id: 'pec', tenant_id: 'shop', host: '127.0.0.1', port: relay.port, tls: 'none', pec: true };
    await engine.execute('accounts.create', account);
    const mailbox = { tenant_id: 'shop', account_id: 'pec', port: dovecot.port, user: 'receipts', purposes: ['pec'] };
    const { pk } = await addMailbox({ engine }, mailbox);
    await engine.start();

    const mail = { from: SENDER, to: [ANNA, BRUNO, CARLA], subject: 'Order', text: 'Salve.\n' };
    const references: string[] = [];
    for (const id of ['order-1', 'order-2']) {
      await engine.submit([{ id, ...mail }], { tenantId: 'shop' });
      await tenant.waitForReports(({ id: of, event }) => of === id && event === 'sent');
      references.push(relay.messages.at(-1)?.messageId ?? '');
    }
    const [reference = '', refused = ''] = references;
    const about = { reference, sender: SENDER, recipients: [ANNA, BRUNO, { external: CARLA }], at: Date.now() };
    const original = `Subject: Order\r\n\r\n${'x'
      .repeat(70)
      .concat('\r\n')
      .repeat(LARGE / 72)}`;
    const whole = provider.receipt({ type: 'avvenuta-consegna', recipient: ANNA, ...about, original });
    await user.append(
      Buffer.from('From: someone@example.org\r\nSubject: ACCETTAZIONE: Order\r\n\r\nHello.\r\n'),
      provider.transport(about),
      provider.receipt({ type: 'accettazione', ...about, signedBy: null }),
      provider.receipt({ type: 'accettazione', ...about, signedBy: stranger.identity }),
      provider.receipt({ type: 'accettazione', ...about, headers: { 'X-Ricevuta': 'avvenuta-consegna' } }),
      provider.receipt({ type: 'accettazione', ...about }),
      provider.receipt({ type: 'presa-in-carico', ...about, receivedFor: [BRUNO] }),
      whole,
      provider.receipt({ type: 'preavviso-errore-consegna', recipient: BRUNO, ...about }),
      provider.receipt({ type: 'rilevazione-virus', recipient: BRUNO, ...about }),
      provider.receipt({ type: 'errore-consegna', recipient: BRUNO, ...about, error: 'no-dest' }),
      provider.receipt({ type: 'non-accettazione', ...about, reference: refused }),
    );
    await tenant.waitForReports(({ id, event }) => id === 'order-2' && event === 'pec_error');
    expect(toldOf(tenant, 'order-1')).toEqual([
      ['pec_acceptance', 'accettazione', null],
      ['pec_relay', 'presa-in-carico', BRUNO],
      ['pec_delivery', 'avvenuta-consegna', ANNA],
      ['pec_error', 'preavviso-errore-consegna', BRUNO],
      ['pec_error', 'rilevazione-virus', BRUNO],
      ['pec_error', 'errore-consegna', BRUNO],
    ]);
    expect(toldOf(tenant, 'order-2')).toEqual([['pec_error', 'non-accettazione', null]]);
    await handled(user, { ignored: 2, handled: 10 }, async () => {
      // The operation's output is what its schema says.
      return (await engine.execute('mailboxes.status', { mailbox_id: pk })) as StatusView;
    });

    type Page = { readonly items: readonly { readonly id: string; readonly why: string; readonly sha256: string }[] };
    const list = async (filter: object): Promise<Page['items']> =>
      ((await engine.execute('pec.list-receipts', { tenant_id: 'shop', ...filter })) as Page).items;
    expect((await list({ state: 'refused' })).map(({ why }) => why).toSorted()).toEqual([
      ...['headers_differ', 'not_signed', 'untrusted'],
    ]);
    const [delivered] = await list({ type: 'avvenuta-consegna' });
    const input = { tenant_id: 'shop', receipt_id: delivered?.id ?? '' };
    const pieces = (await engine.execute('pec.download-receipt', input)) as AsyncIterable<Uint8Array>;
    expect((await bytesOf(pieces)).equals(whole)).toBe(true);
  },
);

function toldOf(tenant: ReportReceiver, id: string) {
  return tenant.reports
    .filter(({ id: of, event }) => of === id && String(event).startsWith('pec_'))
    .map(({ pec_event, pec_details }) => {
      // As the mixin writes it.
      const { receipt, recipient } = pec_details as Readonly<Record<string, unknown>>;
      return [pec_event, receipt, recipient];
    });
}

/** Mail of others is left as it was, all else is marked. */
async function handled(
  user: ImapUser,
  counts: { readonly ignored: number; readonly handled: number },
  status: () => Promise<StatusView>,
): Promise<void> {
  await eventually(async () => expect((await status()).counts).toMatchObject(counts));
  const looked = await user.look();
  expect(looked['ACCETTAZIONE: Order']).toEqual([]);
}
