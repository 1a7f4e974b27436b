// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { putText, textOf } from '../src/object-storage/object-store.case.ts';
import { eventsUntil, type Made } from './bounce-world.case.ts';
import { openStoragesWorld, type StoragesWorld } from './storages-world.case.ts';

const NEVER = new AbortController().signal;

async function send(world: StoragesWorld, id: string, storage_path: string, tenantId = 'acme') {
  const message = { id, from: 'shop@example.com', to: ['ann@example.org'], subject: id, text: 'Hello.\n' };
  const attachments = [{ filename: 'a.pdf', storage_path }];
  const { results } = await world.engine.submit([{ ...message, attachments }], { tenantId });
  return results[0];
}

/** What the client is told of a message next. */
async function told(world: StoragesWorld, id: string, tenantId = 'acme') {
  return (await eventsUntil(world.engine, tenantId, (event) => event.id === id)).at(-1);
}

export function storagesConformance(database: string, make: Made, skip: string): void {
  describe.skipIf(skip !== '')(`storages on ${database}`, () => {
    test('an object of a storage of the tenant is attached, below the prefix that was set up', async () => {
      await using world = await openStoragesWorld(make);
      await world.run('storages.create', { tenant_id: 'acme', name: 'bucket', protocol: 's3', config: world.s3() });
      const store = await world.stores.open('bucket:2026', 'acme');
      await putText(store, 'März 1.pdf', 'the content');
      expect(await send(world, 'm1', 'bucket:2026/März 1.pdf')).toMatchObject({ id: 'm1' });
      expect(await told(world, 'm1')).toMatchObject({ event: 'sent' });
      expect(world.sink.messages[0]?.raw.toString()).toContain(Buffer.from('the content').toString('base64'));
      expect(world.server.requests.some((line) => line.startsWith('GET /acme/invoices/2026/M%C3%A4rz%201.pdf'))).toBe(
        true,
      );
    });

    test('an object that is not there fails the message, a login that is refused defers it', async () => {
      await using world = await openStoragesWorld(make);
      const wrong = world.s3({ aws_secret_access_key: 's3cret' });
      for (const [name, config] of [
        ['bucket', world.s3()],
        ['locked', wrong],
      ] as const) {
        await world.run('storages.create', { tenant_id: 'acme', name, protocol: 's3', config });
      }
      await send(world, 'm1', 'bucket:none.pdf');
      expect(await told(world, 'm1')).toMatchObject({
        event: 'error',
        error: expect.stringContaining('there is no such object'),
      });
      await send(world, 'm2', 'locked:a.pdf');
      const deferred = await told(world, 'm2');
      expect(deferred).toMatchObject({ event: 'deferred' });
      expect(JSON.stringify(deferred)).toContain('the storage refuses access: SignatureDoesNotMatch');
      expect(JSON.stringify(deferred)).not.toContain('s3cret');
    });

    test('hosts that are not allowed are not asked, whatever the tenant says of them', async () => {
      await using world = await openStoragesWorld(make);
      const { port } = world.server;
      for (const [name, host] of [
        ['a', '127.0.0.1'],
        ['b', 'localhost'],
        ['c', '[::ffff:7f00:1]'],
        ['d', '169.254.169.254'],
      ]) {
        const config = world.s3({ endpoint_url: `http://${host}:${port}` });
        await world.run('storages.create', { tenant_id: 'other', name, protocol: 's3', config });
        await send(world, `m-${name}`, `${name}:a.pdf`, 'other');
        const event = await told(world, `m-${name}`, 'other');
        expect(event, host).toMatchObject({ event: 'error' });
        expect(JSON.stringify(event)).toContain('allowedHosts');
      }
      expect(world.server.requests).toEqual([]);
    });

    test('a tenant opens its own storages only, and each with its own credentials', async () => {
      await using world = await openStoragesWorld(make);
      await world.run('storages.create', { tenant_id: 'acme', name: 'bucket', protocol: 's3', config: world.s3() });
      const nobody = world.s3({ aws_access_key_id: 'NOBODY' });
      await world.run('tenants.update', { tenant_id: 'other', allowed_hosts: ['127.0.0.1'] });
      await expect(world.stores.open('bucket:', 'other')).rejects.toMatchObject({ code: 'not_found' });
      await world.run('storages.create', { tenant_id: 'other', name: 'bucket', protocol: 's3', config: nobody });
      await putText(await world.stores.open('bucket:', 'acme'), 'a', 'content');
      const others = await world.stores.open('bucket:', 'other');
      await expect(others.get('a', { signal: NEVER })).rejects.toMatchObject({ code: 'no_access' });
    });

    test('credentials that were changed are those that count', async () => {
      await using world = await openStoragesWorld(make);
      const create = (config: object) =>
        world.run('storages.create', { tenant_id: 'acme', name: 'bucket', protocol: 's3', config });
      await create(world.s3({ aws_secret_access_key: 's3cret' }));
      const before = await world.stores.open('bucket:', 'acme');
      await expect(putText(before, 'a', 'x')).rejects.toMatchObject({ code: 'no_access' });
      await world.run('storages.delete', { tenant_id: 'acme', storage_id: 'bucket' });
      await create(world.s3());
      const after = await world.stores.open('bucket:', 'acme');
      await putText(after, 'a', 'content');
      expect(await textOf(after, 'a')).toBe('content');
    });
  });
}
