// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { addTenants, dump, type OpenWorld, START } from '../world.case.ts';

const BUCKET = { name: 'files', protocol: 's3', config: { bucket: 'b', secret_key: 'sk-9c9c' } };

export function storageCases(open: OpenWorld): void {
  test('a configuration is sealed, never shown, and opens for its tenant', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const created = await world.run('storages.create', BUCKET, 'acme');
    expect(created).toEqual({
      pk: expect.any(String),
      tenant_id: 'acme',
      name: 'files',
      protocol: 's3',
      has_config: true,
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
    });
    expect(await dump(world)).not.toContain('sk-9c9c');
    const pk = created['pk'];
    expect(await world.storages.open('acme', 'files')).toEqual({ pk, protocol: 's3', config: BUCKET.config });
    expect(await world.storages.open('other', 'files')).toBeNull();
    expect(await world.run('storages.get', { storage_id: 'files' }, 'acme')).toEqual(created);
    expect(await world.run('storages.get', { storage_id: pk }, 'acme')).toEqual(created);
    expect(await world.run('storages.list', {}, 'acme')).toEqual({ items: [created], next: null });
  });

  test('a storage of another tenant is as if there were none', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const { pk } = await world.run('storages.create', BUCKET, 'other');
    for (const operation of ['storages.get', 'storages.delete']) {
      for (const storage_id of [pk, 'files']) {
        expect(await world.refused(operation, { storage_id }, 'acme')).toBe('not_found');
      }
    }
    expect(await world.run('storages.list', {}, 'acme')).toEqual({ items: [], next: null });
  });

  test('a name is unique in its tenant and ambiguous over two', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    await world.run('storages.create', BUCKET, 'acme');
    await world.run('storages.create', BUCKET, 'other');
    expect(await world.refused('storages.create', BUCKET, 'acme')).toBe('duplicate_id');
    expect(await world.refused('storages.get', { storage_id: 'files' })).toBe('ambiguous_id');
    expect(await world.run('storages.get', { storage_id: 'files', tenant_id: 'other' })).toMatchObject({
      tenant_id: 'other',
    });
  });

  test('a deleted storage is gone', async () => {
    await using world = await open();
    await world.tenants.ensureDefaultTenant(START);
    await world.run('storages.create', { name: 'disk', protocol: 's3' });
    expect(await world.run('storages.delete', { storage_id: 'disk' })).toBeNull();
    expect(await world.refused('storages.delete', { storage_id: 'disk' })).toBe('not_found');
    expect(await world.run('storages.list', {})).toEqual({ items: [], next: null });
  });

  test('a field that is wrong is named', async () => {
    await using world = await open();
    const wrong: readonly (readonly [pointer: string, input: object])[] = [
      ['/name', { protocol: 's3' }],
      ['/name', { name: 'x:y', protocol: 's3' }],
      ['/protocol', { name: 'x', protocol: 'S 3' }],
      ['/protocol', { name: 'x', protocol: 'ftp' }],
      ['/config/base_path', { name: 'x', protocol: 'local' }],
      ['/config/base_path', { name: 'x', protocol: 'local', config: { base_path: '/etc' } }],
      ['/config/base_path', { name: 'x', protocol: 'local', config: { base_path: '/srv/files/other' } }],
      ['/config', { name: 'x', protocol: 's3', config: { big: 'x'.repeat(65_536) } }],
      ['/config', { name: 'x', protocol: 's3', config: { deep: nested(40) } }],
      // Deeper than JSON can be written: it came from a parser that does not call itself.
      ['/config', { name: 'x', protocol: 's3', config: { deep: nested(100_000) } }],
      ['/bucket', { name: 'x', protocol: 's3', bucket: 'b' }],
    ];
    for (const [pointer, input] of wrong) {
      expect(await world.refused('storages.create', input)).toBe(`invalid_input ${pointer}`);
    }
  });

  test('a folder of the tenant is a storage, and its names are known', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const config = { base_path: '/srv/files/acme/invoices' };
    await world.run('storages.create', { name: 'invoices', protocol: 'local', config }, 'acme');
    expect(await world.storages.open('acme', 'invoices')).toMatchObject({ protocol: 'local', config });
    expect(await world.storages.names('acme')).toEqual(['invoices']);
    expect(await world.storages.names('other')).toEqual([]);
  });

  test('a storage for a tenant that does not exist is refused', async () => {
    await using world = await open();
    expect(await world.refused('storages.create', { ...BUCKET, tenant_id: 'nobody' })).toBe('not_found');
  });
}

function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}
