// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { startFolderServer } from './folder-server.case.ts';
import { addMailbox } from './mailbox-world.case.ts';
import { ANNA, openPecWorld, provider, SENDER } from './pec-world.case.ts';

const about = { sender: SENDER, recipients: [ANNA] };
/** The least that receipts may be read up to. */
const MIB = 1_048_576;

test("receipts in the operator's mailbox are told to the tenant whose message it is", async () => {
  await using server = await startFolderServer();
  await using world = await openPecWorld();
  for (const tenantId of ['acme', 'other']) {
    const { messageId: reference = '' } = await world.send(`of-${tenantId}`, { tenantId });
    server.add(provider.receipt({ type: 'accettazione', reference, ...about }));
  }
  server.add(provider.receipt({ type: 'accettazione', reference: '<nobody@example.net>', ...about }));
  await addMailbox(world, { scope: 'instance', port: server.port, purposes: ['pec'] });
  await world.until(async () => expect(await world.receipts()).toHaveLength(3));
  expect((await world.receipts()).map(({ tenant_id, state }) => [tenant_id, state]).toReversed()).toEqual([
    ['acme', 'matched'],
    ['other', 'matched'],
    [null, 'unmatched'],
  ]);
  for (const tenantId of ['acme', 'other']) {
    expect(await world.eventsOf(`of-${tenantId}`, tenantId)).toMatchObject([{ type: 'pec_acceptance' }]);
  }
});

test('those in the mailbox of an account are of messages that it sent', async () => {
  await using server = await startFolderServer();
  await using world = await openPecWorld();
  const another = {
    id: 'another',
    tenant_id: 'acme',
    host: '127.0.0.1',
    port: world.sink.port,
    tls: 'none',
    pec: true,
  };
  await world.run('accounts.create', another);
  for (const account_id of ['pec', 'another']) {
    const { messageId: reference = '' } = await world.send(`by-${account_id}`, { account_id });
    server.add(provider.receipt({ type: 'accettazione', reference, ...about }));
  }
  const mailbox = { tenant_id: 'acme', account_id: 'another', port: server.port, purposes: ['pec'] };
  await addMailbox(world, mailbox);
  await world.until(async () => expect(await world.receipts()).toHaveLength(2));
  expect(await world.eventsOf('by-another')).toHaveLength(1);
  expect(await world.eventsOf('by-pec')).toEqual([]);
  expect(await world.receipts({ state: 'unmatched' })).toMatchObject([{ why: 'no_message' }]);
});

test('one that is larger than is read is refused, and kept as far as it was', async () => {
  await using server = await startFolderServer();
  await using world = await openPecWorld(undefined, { mixinConfig: { pec: { maxMailBytes: MIB } } });
  const { messageId: reference = '' } = await world.send('m1');
  const original = `Subject: m1\r\n\r\n${'x'
    .repeat(70)
    .concat('\r\n')
    .repeat(MIB / 72)}`;
  const whole = provider.receipt({ type: 'avvenuta-consegna', recipient: ANNA, reference, ...about, original });
  server.add(whole);
  await addMailbox(world, { tenant_id: 'acme', port: server.port, purposes: ['pec'] });
  await world.until(async () => expect(await world.receipts()).toHaveLength(1));
  const [kept] = await world.receipts();
  expect(kept).toMatchObject({ state: 'refused', why: 'truncated', truncated: true, size_bytes: whole.byteLength });
  expect((await world.download(kept?.id ?? '')).equals(whole.subarray(0, MIB))).toBe(true);
  expect(await world.eventsOf('m1')).toEqual([]);
});
