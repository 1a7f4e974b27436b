// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CHUNK_BYTES } from '../src/pec/archive/receipt-content.ts';
import { MAX_CANDIDATES } from '../src/pec/waiting/awaited.statements.ts';
import { eventsUntil, type Made } from './bounce-world.case.ts';
import type { MailOptions, ReceiptOptions } from './pec-provider.case.ts';
import { ANNA, BRUNO, CARLA, openPecWorld, type PecWorld, provider, SENDER, stranger } from './pec-world.case.ts';

const THREE = { to: [ANNA, BRUNO, CARLA] };
const recipients = [ANNA, BRUNO, { external: CARLA }];

type Written = Partial<ReceiptOptions> & MailOptions & Pick<ReceiptOptions, 'type'>;

/** A world with the message `m1` to three, and its receipts. */
async function withMessage(make: Made, options: Parameters<typeof openPecWorld>[1] = {}) {
  const world = await openPecWorld(make, options);
  const { messageId: reference = '' } = await world.send('m1', THREE);
  const receipt = (written: Written): Buffer =>
    provider.receipt({ reference, sender: SENDER, recipients, at: Date.now(), ...written });
  return { world, reference, receipt, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

const statesOf = async (world: PecWorld): Promise<readonly string[]> =>
  (await world.status('m1')).recipients.map(({ state }) => state);

/** @param skip why there is no database to test on; empty where there is one */
export function pecConformance(name: string, make: Made, skip = ''): void {
  describe.skipIf(skip !== '')(
    `receipts of certified mail on ${name}${skip === '' ? '' : ` (skipped: ${skip})`}`,
    () => {
      test('an acceptance is one event of the message, and begins the wait for certified recipients', async () => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        const received = await world.post(receipt({ type: 'accettazione', at: Date.UTC(2026, 2, 2, 9, 15, 30) }));
        expect(received).toMatchObject({
          kind: 'receipt',
          receipt: { state: 'matched', type: 'accettazione', message_id: 'm1', tenant_id: 'acme', verified: true },
          events: [{ type: 'pec_acceptance', recipient: null, is_new: true }],
        });
        const [event] = await world.eventsOf('m1');
        expect(event).toMatchObject({
          type: 'pec_acceptance',
          feedback: null,
          extra: {
            ...{
              pec_timestamp: '2026-03-02T09:15:30.000Z',
              recipient: null,
              error_reason: null,
              receipt: 'accettazione',
            },
            ...{ receipt_id: received.receipt?.id, error: 'nessuno', verified: true, unverified_reason: null },
            ...{ is_final: false, certified_recipients: `${ANNA}, ${BRUNO}`, external_recipients: CARLA },
          },
        });
        expect(event?.extra['signer']).toContain('CN=');
        expect(await world.status('m1')).toMatchObject({
          acceptance_due_at: null,
          recipients: [
            { address: ANNA, state: 'accepted', awaits: 'delivery_notice' },
            { address: BRUNO, state: 'accepted', awaits: 'delivery_notice' },
            { address: CARLA, state: 'external', awaits: null },
          ],
        });
      });

      test('it is reported with the fields of the original, at the time that the provider names', async () => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        const at = Date.UTC(2026, 2, 2, 9, 15, 30);
        await world.post(receipt({ type: 'avvenuta-consegna', recipient: BRUNO, at }));
        const told = await eventsUntil(world.engine, 'acme', ({ event }) => event === 'pec_delivery');
        expect(told.at(-1)).toMatchObject({
          ...{ id: 'm1', pec_event: 'pec_delivery', pec_ts: at / 1_000 },
          pec_details: { recipient: BRUNO, receipt: 'avvenuta-consegna', verified: true, form: 'completa' },
          feedback: { recipient: BRUNO },
        });
      });

      const NOBODY = null;
      test.each<[Written, readonly [string, string | null], readonly string[], object]>([
        [{ type: 'non-accettazione' }, ['pec_error', NOBODY], ['failed', 'failed', 'failed'], { is_final: true }],
        [
          { type: 'non-accettazione', error: 'virus' },
          ['pec_error', NOBODY],
          ['failed', 'failed', 'failed'],
          { error: 'virus', reason_class: 'virus' },
        ],
        [
          { type: 'presa-in-carico', receivedFor: [BRUNO] },
          ['pec_relay', BRUNO],
          ['sent', 'relayed', 'sent'],
          { is_final: false },
        ],
        [
          { type: 'avvenuta-consegna', recipient: ANNA.toUpperCase() },
          ['pec_delivery', ANNA],
          ['delivered', 'sent', 'sent'],
          { is_final: true, form: 'completa' },
        ],
        [
          { type: 'errore-consegna', recipient: BRUNO, error: 'no-dest' },
          ['pec_error', BRUNO],
          ['sent', 'failed', 'sent'],
          { is_final: true, reason_class: 'user_unknown' },
        ],
        [
          { type: 'errore-consegna', recipient: BRUNO, error: 'altro', errorDetail: '5.2.2 - Gestore - casella piena' },
          ['pec_error', BRUNO],
          ['sent', 'failed', 'sent'],
          { status: '5.2.2', reason_class: 'mailbox_full', error_reason: '5.2.2 - Gestore - casella piena' },
        ],
        [
          { type: 'preavviso-errore-consegna', recipient: BRUNO },
          ['pec_error', BRUNO],
          ['sent', 'sent', 'sent'],
          { is_final: false },
        ],
        [
          { type: 'rilevazione-virus', recipient: BRUNO },
          ['pec_error', BRUNO],
          ['sent', 'sent', 'sent'],
          { is_final: false, reason_class: 'virus' },
        ],
      ])('%j is told', async (written, [type, recipient], states, extra) => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        expect((await world.post(receipt(written))).events).toMatchObject([{ type, recipient, is_new: true }]);
        const [event] = await world.eventsOf('m1');
        expect(event).toMatchObject({ type, extra: { recipient, receipt: written.type, ...extra } });
        expect(event?.feedback?.recipient ?? null).toBe(recipient);
        expect(await statesOf(world)).toEqual(states);
      });

      test('whatever comes after, the history tells of all; a failure ends with a verified delivery only', async () => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        await world.post(receipt({ type: 'avvenuta-consegna', recipient: BRUNO }));
        await world.post(receipt({ type: 'errore-consegna', recipient: BRUNO }));
        await world.post(receipt({ type: 'errore-consegna', recipient: ANNA }));
        expect(await statesOf(world)).toEqual(['failed', 'delivered', 'sent']);
        await world.run('tenants.update', { tenant_id: 'acme', pec: { unverified_receipts: 'report' } });
        await world.post(receipt({ type: 'avvenuta-consegna', recipient: ANNA }));
        expect(await statesOf(world)).toEqual(['failed', 'delivered', 'sent']);
        await world.run('tenants.update', { tenant_id: 'acme', pec: { trust_anchors: provider.ca } });
        await world.post(receipt({ type: 'avvenuta-consegna', recipient: ANNA, headers: { 'X-Copy': '2' } }));
        expect(await statesOf(world)).toEqual(['delivered', 'delivered', 'sent']);
        expect(
          (await world.eventsOf('m1')).map(({ type, extra }) => [type, extra['recipient'], extra['verified']]),
        ).toEqual([
          ['pec_delivery', BRUNO, true],
          ['pec_error', BRUNO, true],
          ['pec_error', ANNA, true],
          ['pec_delivery', ANNA, false],
          ['pec_delivery', ANNA, true],
        ]);
      });

      const forgeries: readonly [string, (receipt: (written: Written) => Buffer) => Buffer, string][] = [
        [
          'signed by somebody else',
          (receipt) => receipt({ type: 'accettazione', signedBy: stranger.identity }),
          'untrusted',
        ],
        [
          'altered on its way',
          (receipt) =>
            receipt({ type: 'accettazione', tamper: (mail) => mail.replace('stato elaborato', 'stato letto') }),
          'altered',
        ],
        [
          'whose Message-ID is not signed',
          (receipt) => receipt({ type: 'accettazione', hasMsgid: false }),
          'reference_not_signed',
        ],
      ];
      test.each(forgeries)(
        'one %s is refused, or reported as such where the tenant wants that',
        async (_, forge, why) => {
          await using made = await withMessage(make);
          const { world, receipt } = made;
          const mail = forge(receipt);
          expect(await world.post(mail)).toMatchObject({
            events: [],
            receipt: { state: 'refused', why, verified: false },
          });
          expect(await world.eventsOf('m1')).toEqual([]);
          expect(await statesOf(world)).toEqual(['sent', 'sent', 'sent']);
          expect((await world.status('m1')).accepted_at).toBeNull();
          const settings = { trust_anchors: provider.ca, unverified_receipts: 'report' };
          await world.run('tenants.update', { tenant_id: 'acme', pec: settings });
          expect(await world.post(mail)).toMatchObject({ receipt: { state: 'matched' }, events: [{ is_new: true }] });
          expect(await world.eventsOf('m1')).toMatchObject([
            { type: 'pec_acceptance', extra: { verified: false, unverified_reason: why } },
          ]);
        },
      );

      test('where nothing is trusted all are reported as unverified', async () => {
        await using made = await withMessage(make, { settings: null });
        const { world, receipt } = made;
        await world.post(receipt({ type: 'accettazione' }));
        expect(await world.eventsOf('m1')).toMatchObject([{ extra: { unverified_reason: 'no_trust_anchors' } }]);
      });

      test.each<[string, MailOptions, string]>([
        ['nobody signed', { signedBy: null }, 'not_signed'],
        ['says something else in its header', { headers: { 'X-Ricevuta': 'avvenuta-consegna' } }, 'headers_differ'],
        ['names another message in its header', { headers: { 'X-Riferimento-Message-ID': '<x@y>' } }, 'headers_differ'],
      ])('one that %s is none, whatever the tenant wants', async (_, options, why) => {
        const settings = { trust_anchors: provider.ca, unverified_receipts: 'report' };
        await using made = await withMessage(make, { settings });
        const { world, receipt } = made;
        const received = await world.post(receipt({ type: 'accettazione', ...options }));
        expect(received).toMatchObject({ kind: 'forged', events: [], receipt: { state: 'refused', why, type: null } });
        expect(await world.eventsOf('m1')).toEqual([]);
      });

      test('mail of others, and what merely looks like it, leaves nothing behind', async () => {
        await using made = await withMessage(make);
        const { world, reference } = made;
        const plain = `From: ${provider.address}\r\nSubject: ACCETTAZIONE: m1\r\nIn-Reply-To: ${reference}\r\n\r\nOk.\r\n`;
        for (const [kind, mail] of [
          ['transport', provider.transport({ reference })],
          ['anomaly', provider.anomaly()],
          ['other', Buffer.from(plain)],
        ] as const) {
          expect(await world.post(mail)).toEqual({ kind, receipt: null, repeated: false, events: [] });
        }
        expect(await world.receipts()).toEqual([]);
      });

      test('one that comes again is told once: the same bytes, another copy, many at once, and by the operator', async () => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        const mail = receipt({ type: 'avvenuta-consegna', recipient: ANNA });
        const copies = await Promise.all([mail, mail, mail].map((each) => world.post(each)));
        copies.push(
          await world.post(receipt({ type: 'avvenuta-consegna', recipient: ANNA, headers: { 'X-Copy': '2' } })),
        );
        copies.push(await world.post(mail, null));
        expect(copies.flatMap(({ events }) => events).filter(({ is_new }) => is_new)).toHaveLength(1);
        expect(await world.eventsOf('m1')).toHaveLength(1);
        expect(await world.receipts({ tenant_id: 'acme' })).toHaveLength(3);
      });

      test('the second notice of a recipient, which ends the wait, is told beside the first', async () => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        const notice = { type: 'preavviso-errore-consegna', recipient: BRUNO, error: 'altro' } as const;
        const words = [
          'nelle prime dodici ore dal suo invio',
          '5.4.1 - nelle ventiquattro ore successive al suo invio',
        ];
        for (const errorDetail of words) await world.post(receipt({ ...notice, errorDetail }));
        expect((await world.eventsOf('m1')).map(({ extra }) => [extra['recipient'], extra['is_final']])).toEqual([
          [BRUNO, false],
          [BRUNO, true],
        ]);
        expect(await statesOf(world)).toEqual(['sent', 'failed', 'sent']);
      });

      test('a Message-ID that another tenant chose many times hides no message', async () => {
        await using world = await openPecWorld(make);
        const reference = '<order-1@shop.example.com>';
        await world.send('m1', { message_id: reference });
        for (let nth = 0; nth <= MAX_CANDIDATES; nth++) {
          await world.send(`o${nth}`, { message_id: reference, tenantId: 'other', from: 'eve@pec.example.org' });
        }
        const written = { type: 'accettazione', reference, sender: SENDER.toUpperCase(), recipients: [ANNA] } as const;
        expect((await world.post(provider.receipt(written))).receipt).toMatchObject({ message_id: 'm1' });
        const again = provider.receipt({ ...written, headers: { 'X-Copy': '2' } });
        expect((await world.post(again, null)).receipt).toMatchObject({ message_id: 'm1', tenant_id: 'acme' });
        const eve = { ...written, sender: 'eve@pec.example.org' };
        expect((await world.post(provider.receipt(eve), 'other')).receipt).toMatchObject({ why: 'ambiguous' });
      });

      test('one of no message, of another sender, of nobody it went to is kept as unmatched', async () => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        const posted = [
          receipt({ type: 'accettazione', reference: '<nobody@example.net>' }),
          receipt({ type: 'accettazione', sender: 'other@pec.example.com' }),
          receipt({ type: 'accettazione', daticert: (xml) => xml.replace(/<mittente>.*<\/mittente>/s, '') }),
          receipt({ type: 'avvenuta-consegna', recipient: 'eve@pec.example.org' }),
          receipt({ type: 'accettazione', recipients: ['eve@pec.example.org'] }),
        ];
        for (const mail of posted) expect(await world.post(mail)).toMatchObject({ events: [] });
        const unmatched = await world.receipts({ state: 'unmatched' });
        expect(unmatched.map(({ why }) => why).toReversed()).toEqual([
          ...['no_message', 'no_message', 'no_message', 'no_recipient', 'no_recipient'],
        ]);
        expect(await world.eventsOf('m1')).toEqual([]);
        expect(await statesOf(world)).toEqual(['sent', 'sent', 'sent']);
      });

      test('of what another tenant sent nothing is told but by the operator; its receipts are as unknown', async () => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        const mail = receipt({ type: 'accettazione' });
        expect(await world.post(mail, 'other')).toMatchObject({ receipt: { state: 'unmatched', tenant_id: 'other' } });
        expect(await world.eventsOf('m1')).toEqual([]);
        const { receipt: own } = await world.post(mail, null);
        expect(own).toMatchObject({ state: 'matched', tenant_id: 'acme' });
        expect(await world.eventsOf('m1')).toHaveLength(1);
        const foreign = { receipt_id: own?.id, tenant_id: 'other' };
        const unknown = { receipt_id: 'unknown', tenant_id: 'other' };
        for (const operation of ['pec.get-receipt', 'pec.download-receipt']) {
          const answers = await Promise.all(
            [foreign, unknown].map((input) =>
              world.engine.execute(operation, input).catch((error: Error) => error.message),
            ),
          );
          expect(answers[0]).toBe(answers[1]);
          await expect(world.engine.execute(operation, foreign)).rejects.toMatchObject({ code: 'not_found' });
        }
        await expect(world.status('m1', 'other')).rejects.toMatchObject({ code: 'not_found' });
        expect((await world.receipts({ tenant_id: 'other' })).map(({ state }) => state)).toEqual(['unmatched']);
      });

      test('an id that two tenants chose is the one that the sender and the recipients say, or none', async () => {
        await using world = await openPecWorld(make);
        const reference = '<order-1@shop.example.com>';
        await world.send('m1', { message_id: reference });
        await world.send('m1', { message_id: reference, tenantId: 'other' });
        const written = { type: 'accettazione', reference, sender: SENDER, recipients: [ANNA] } as const;
        expect((await world.post(provider.receipt(written), null)).receipt).toMatchObject({ why: 'ambiguous' });
        await world.send('m2', { message_id: '<two@shop.example.com>' });
        await world.send('m2', { message_id: '<two@shop.example.com>', tenantId: 'other', to: [BRUNO] });
        const two = { ...written, reference: '<two@shop.example.com>', recipients: [BRUNO] };
        expect((await world.post(provider.receipt(two), null)).receipt).toMatchObject({ tenant_id: 'other' });
      });

      test('a receipt is downloaded as it came, byte for byte, large and sealed as well', async () => {
        await using made = await withMessage(make, { config: { contentEncryption: true } });
        const { world, receipt } = made;
        const original = `Subject: large\r\n\r\n${'0123456789'.repeat((2 * CHUNK_BYTES) / 10)}\r\n`;
        const mail = receipt({ type: 'avvenuta-consegna', recipient: ANNA, original });
        expect(mail.byteLength).toBeGreaterThan(2 * CHUNK_BYTES);
        const { receipt: kept } = await world.post(mail);
        const sha256 = createHash('sha256').update(mail).digest('hex');
        expect(kept).toMatchObject({ sha256, size_bytes: mail.byteLength });
        expect((await world.download(kept?.id ?? '', 'acme')).equals(mail)).toBe(true);
        expect(await world.run('keys.status', {})).toMatchObject({
          columns: expect.arrayContaining([expect.objectContaining({ column: 'pec_receipt_chunks.bytes', values: 3 })]),
        });
      });

      test('what is sealed opens with the next key alone, once the keys were rotated', async () => {
        const [old, next] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
        const { database, drop } = await make();
        await using _gone = { [Symbol.asyncDispose]: drop };
        const opened = (keys: object, isAgain = true) =>
          openPecWorld(make, { database, isAgain, config: { ...keys, contentEncryption: true } });
        let id = '';
        const mail = provider.receipt({ type: 'accettazione' });
        {
          await using world = await opened({ encryptionKey: old }, false);
          id = (await world.post(mail)).receipt?.id ?? '';
        }
        {
          await using world = await opened({ encryptionKey: next, encryptionKeysPrevious: [old] });
          await world.run('keys.rotate', {});
          await world.until(async () => expect(await world.run('keys.rotation', {})).toMatchObject({ state: 'done' }));
        }
        await using world = await opened({ encryptionKey: next });
        expect((await world.download(id)).equals(mail)).toBe(true);
      });

      test('receipts are found by what they are', async () => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        await world.post(receipt({ type: 'accettazione' }));
        await world.post(receipt({ type: 'avvenuta-consegna', recipient: ANNA }));
        await world.post(receipt({ type: 'avvenuta-consegna', recipient: BRUNO, signedBy: stranger.identity }));
        const found = async (filter: object) =>
          (await world.receipts({ tenant_id: 'acme', ...filter })).map(({ type }) => type);
        expect(await found({ type: 'accettazione' })).toEqual(['accettazione']);
        expect(await found({ message_id: 'm1', recipient: ANNA.toUpperCase() })).toEqual([
          'avvenuta-consegna',
          'accettazione',
        ]);
        expect(await found({ recipient: 'anna_pec.example.org' })).toEqual([]);
        expect(await found({ state: 'refused' })).toEqual(['avvenuta-consegna']);
        expect(await found({ verified: true, limit: 1 })).toEqual(['avvenuta-consegna']);
        expect(await found({ to: '2020-01-01T00:00:00Z' })).toEqual([]);
        expect(await found({ from: '2020-01-01T00:00:00Z', message_id: 'm1' })).toHaveLength(3);
      });

      test('figures tell of what came and what is awaited', async () => {
        await using made = await withMessage(make);
        const { world, receipt } = made;
        const metrics = async (): Promise<string> => (await world.engine.metricsText()).body;
        expect(await metrics()).toContain('gmp_pec_awaited{what="acceptance"} 1');
        await world.post(receipt({ type: 'accettazione' }));
        await world.post(receipt({ type: 'avvenuta-consegna', recipient: ANNA, signedBy: stranger.identity }));
        expect(await metrics()).toMatch(/gmp_pec_receipts_total\{.*type="accettazione".*verdict="verified".*\} 1/);
        expect(await metrics()).toMatch(/gmp_pec_receipts_total\{.*type="avvenuta-consegna".*verdict="refused".*\} 1/);
        expect(await metrics()).toContain('gmp_pec_awaited{what="delivery"} 2');
      });
    },
  );
}
