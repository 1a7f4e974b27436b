// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { GENRO_DATABASES, payloadOf } from './genro-source.case.ts';
import { HOUR, importFrom, isoOf, listOf, NOW, openEngine, targetOf } from './genro-world.case.ts';

const MAIN = { tenant_id: 'acme', host: 'smtp.example.com', port: 587 };

describe.each(GENRO_DATABASES)('a genro-mail-proxy of an early 0.6 on %s', (kind, open, skip) => {
  test.skipIf(skip !== '').each(['0.6 numbered', '0.6 by id'] as const)(
    '%s comes along with its events',
    async (version) => {
      const isById = version === '0.6 by id';
      await using source = await open(version);
      await using target = await targetOf(kind);
      await source.insert('tenants', { id: 'acme', suspended_batches: `${'x'.repeat(70)},other` });
      await source.insert('accounts', isById ? { id: 'main', ...MAIN } : { pk: 'Z1', id: 'main', ...MAIN });
      const ids = ['waits', 'sent', 'failed', 'parked'];
      await source.insert(
        'messages',
        ...ids.map((id) => ({
          ...{ id, account_id: 'main', payload: payloadOf(id), ...(isById ? {} : { tenant_id: 'acme' }) },
          ...{ smtp_ts: id === 'sent' || id === 'failed' ? NOW - HOUR : null },
          ...{ batch_code: id === 'parked' ? 'x'.repeat(70) : null },
        })),
      );
      const event = (id: string, event_type: string, more: object = {}) => ({
        ...(isById ? { message_id: id } : { message_pk: ids.indexOf(id) + 1 }),
        ...{ event_type, event_ts: NOW - HOUR, ...more },
      });
      await source.insert('message_events', event('sent', 'sent'), event('failed', 'error', { description: '550 no' }));
      expect((await importFrom(source, target.database)).counts).toMatchObject({
        waiting_messages: { taken: 2, not_taken: 0 },
        finished_messages: { taken: 2, not_taken: 0 },
        suspended_batches: { taken: 2 },
        events: { taken: 2, not_taken: 0 },
      });
      await using engine = await openEngine(target.database);
      const messageOf = (id: string) => engine.execute('messages.get', { tenant_id: 'acme', message_id: id });
      expect(await messageOf('sent')).toMatchObject({ result: 'sent' });
      expect(await messageOf('failed')).toMatchObject({ result: 'failed', last_error: '550 no' });
      expect(await messageOf('waits')).toMatchObject({ state: 'ready' });
      // Codes may be shorter here, those of messages and those that are suspended alike.
      expect(await messageOf('parked')).toMatchObject({ state: 'suspended', batch_code: 'x'.repeat(64) });
    },
  );

  test.skipIf(skip !== '')('from before there were events comes along with what it says of its messages', async () => {
    await using source = await open('0.6 without events');
    await using target = await targetOf(kind);
    await source.insert('tenants', { id: 'acme', client_base_url: 'https://acme.example.com' });
    await source.insert(
      'accounts',
      { id: 'acme-main', ...MAIN },
      { id: 'old', tenant_id: null, host: 'smtp.example.com', port: 25 },
    );
    const row = (id: string, account_id: string, more: object = {}) => ({
      id,
      account_id,
      payload: payloadOf(id),
      ...more,
    });
    await source.insert(
      'messages',
      row('one', 'acme-main'),
      row('two', 'acme-main', { sent_ts: NOW - HOUR }),
      row('three', 'acme-main', { error_ts: NOW - HOUR, error: '554 no' }),
      row('four', 'acme-main', { sent_ts: NOW - HOUR, reported_ts: NOW }),
      row('five', 'old', { deferred_ts: NOW + HOUR }),
      row('six', 'nobody'),
    );
    await source.insert('instance_config', { key: 'bounce_imap_host', value: 'imap.example.com' });
    const result = await importFrom(source, target.database);
    expect(result.source.schema).toBe('0.6');
    expect(result.counts).toMatchObject({
      accounts: { taken: 2 },
      waiting_messages: { taken: 2, not_taken: 1 },
      finished_messages: { taken: 3 },
      events: { taken: 2 },
    });
    await using engine = await openEngine(target.database);
    const acme = await listOf(engine, 'messages.list', { tenant_id: 'acme' });
    expect(acme.map(({ id, result: end }) => [id, end]).toSorted()).toEqual([
      ['four', 'sent'],
      ['one', null],
      ['three', 'failed'],
      ['two', 'sent'],
    ]);
    expect(await engine.execute('messages.get', { tenant_id: 'default', message_id: 'five' })).toMatchObject({
      state: 'deferred',
    });
    expect(await engine.execute('messages.events', { tenant_id: 'acme', message_id: 'three' })).toMatchObject({
      items: [{ type: 'error', reason: '554 no', at: isoOf(NOW - HOUR) }],
    });
  });
});
