// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine } from '@mail-proxy/core';
import { startDovecot, startReportReceiver, startSmtpSink, tempDir, whyNoDovecot } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { mixins } from '../src/index.ts';
import { addMailbox, KEY, loggedIn } from './mailbox-world.case.ts';
import { createCa } from './pec-certificates.case.ts';
import { createPecProvider, type MailOptions, type ReceiptOptions } from './pec-provider.case.ts';

const missing = whyNoDovecot();
const SENDER = 'shop@pec.example.com';
const ANNA = 'anna@pec.example.org';
const BRUNO = 'bruno@pec.example.net';

const ca = createCa({ commonName: 'CA of providers' });
const provider = createPecProvider({ domain: 'provider.example', ca });
/** Trusted, but somebody else. */
const other = createPecProvider({ domain: 'other.example', ca });
/** Under the provider's name, by a CA that nobody trusts. */
const stranger = createPecProvider({ domain: 'provider.example' });
const retired = createPecProvider({ domain: 'provider.example', ca, certificate: { validTo: new Date('2025-01-01') } });

test.skipIf(missing !== null)(
  `forged, unsigned, foreign, expired and altered receipts in a mailbox are refused, and nobody is told${missing === null ? '' : ` (skipped: ${missing})`}`,
  async () => {
    await using dovecot = await startDovecot();
    await using user = await loggedIn(dovecot, 'pec');
    await using relay = await startSmtpSink();
    await using tenant = await startReportReceiver();
    using dir = tempDir();
    await using engine = await createMailEngine({
      mixins,
      mixinConfig: { pec: { trustAnchors: ca.pem } },
      config: { database: dir.file('mail.db'), encryptionKey: KEY, outgoing: { allowPrivateNetworks: true } },
    });
    await engine.execute('tenants.create', { id: 'shop', client_base_url: tenant.url });
    const account = { id: 'pec', tenant_id: 'shop', host: '127.0.0.1', port: relay.port, tls: 'none', pec: true };
    await engine.execute('accounts.create', account);
    await addMailbox({ engine }, { tenant_id: 'shop', port: dovecot.port, user: 'pec', purposes: ['pec'] });
    await engine.start();
    const mail = { id: 'order-1', from: SENDER, to: [ANNA, BRUNO], subject: 'Order', text: 'Salve.\n' };
    await engine.submit([mail], { tenantId: 'shop' });
    await tenant.waitForReports(({ event }) => event === 'sent');
    const reference = relay.messages[0]?.messageId ?? '';

    const about = { reference, sender: SENDER, recipients: [ANNA, BRUNO] };
    const delivered = (options: Partial<ReceiptOptions> & MailOptions): Buffer =>
      provider.receipt({ type: 'avvenuta-consegna', recipient: ANNA, ...about, ...options });
    const genuine = delivered({});
    const header = [`From: ${provider.address}`, 'Subject: CONSEGNA: Order', 'X-Ricevuta: avvenuta-consegna'];
    await user.append(
      Buffer.from([...header, `X-Riferimento-Message-ID: ${reference}`, '', 'Ok.', ''].join('\r\n')),
      delivered({ signedBy: null }),
      delivered({ signedBy: stranger.identity }),
      delivered({ signedBy: other.identity }),
      delivered({ signedBy: retired.identity }),
      delivered({ tamper: (raw) => raw.replace('elaborato', 'rifiutato') }),
      delivered({ hasMsgid: false }),
      delivered({ headers: { 'X-Ricevuta': 'accettazione' } }),
      // Certified mail of somebody who got a genuine one: signed, and no receipt.
      provider.transport({ ...about, original: genuine.toString('latin1') }),
      provider.receipt({ type: 'errore-consegna', error: 'no-dest', recipient: BRUNO, ...about }),
    );
    await tenant.waitForReports(({ event }) => event === 'pec_error');
    expect(tenant.reports.filter(({ event }) => String(event).startsWith('pec_'))).toMatchObject([
      {
        ...{ id: 'order-1', event: 'pec_error', feedback: { recipient: BRUNO, address_dead: true } },
        pec_details: {
          recipient: BRUNO,
          status: '5.1.1',
          verified: true,
          signer: expect.stringContaining('provider.example'),
        },
      },
    ]);
    // The operation's output is what its schema says.
    const { items } = (await engine.execute('pec.list-receipts', { tenant_id: 'shop' })) as {
      readonly items: readonly { readonly state: string; readonly why: string | null }[];
    };
    expect(items.toReversed().map(({ state, why }) => [state, why])).toEqual([
      ['refused', 'not_signed'],
      ['refused', 'not_signed'],
      ['refused', 'untrusted'],
      ['refused', 'other_signer'],
      ['refused', 'expired'],
      ['refused', 'altered'],
      ['refused', 'reference_not_signed'],
      ['refused', 'headers_differ'],
      ['matched', null],
    ]);
    expect(await engine.execute('pec.status', { message_id: 'order-1', tenant_id: 'shop' })).toMatchObject({
      recipients: [
        { address: ANNA, receipt_id: null },
        { address: BRUNO, state: 'failed' },
      ],
    });
  },
);
