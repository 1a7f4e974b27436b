// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine, MailProxyError } from '@mail-proxy/core';
import { expect, test } from 'vitest';
import { largeAttachments } from '../src/large-attachments/large-attachments.mixin.ts';
import { onSqlite } from './bounce-world.case.ts';
import { type LargeWorld, openLargeWorld, REWRITE } from './large-attachments-world.case.ts';

const DEFAULTS = {
  enabled: false,
  max_size_mb: 10,
  storage_url: null,
  public_base_url: null,
  file_ttl_days: 30,
  lifespan_after_download_days: null,
  action: 'warn',
  footer_html: null,
  footer_text: null,
};

async function shown(world: LargeWorld): Promise<unknown> {
  return (await world.run<{ large_file_config: unknown }>('tenants.get', { tenant_id: 'acme' })).large_file_config;
}

test('what is absent has its default, what is given replaces all, and null ends it', async () => {
  await using world = await openLargeWorld(onSqlite);
  expect(await shown(world)).toBe(null);
  await world.configure({ enabled: false });
  expect(await shown(world)).toEqual(DEFAULTS);
  await world.configure({ ...REWRITE, max_size_mb: 2.5, file_ttl_days: 14, lifespan_after_download_days: 3 });
  expect(await shown(world)).toEqual({
    ...{ ...DEFAULTS, ...REWRITE, max_size_mb: 2.5 },
    ...{ file_ttl_days: 14, lifespan_after_download_days: 3 },
  });
  await world.configure({ enabled: true });
  expect(await shown(world)).toEqual({ ...DEFAULTS, enabled: true });
  await world.configure(null);
  expect(await shown(world)).toBe(null);
  const made = { id: 'third', large_file_config: { enabled: true, action: 'reject', max_size_mb: 1 } };
  expect(await world.run('tenants.create', made)).toMatchObject(made);
});

const REFUSED: readonly (readonly [what: string, config: object, field: string])[] = [
  ['rewrites without a storage', { enabled: true, action: 'rewrite' }, 'storage_url'],
  ['names no storage', { ...REWRITE, storage_url: '' }, 'storage_url'],
  ['names a kind of storage that there is not', { ...REWRITE, storage_url: 'ftp://a/b' }, 'storage_url'],
  ['has files in a folder that no link leads to', { storage_url: 'file:///files' }, 'storage_url'],
  ['has a limit below nothing', { max_size_mb: -1 }, 'max_size_mb'],
  ['has a limit in words', { max_size_mb: '10' }, 'max_size_mb'],
  ['has a limit that is no number', { max_size_mb: Number.NaN }, 'max_size_mb'],
  ['keeps links for no time', { file_ttl_days: 0 }, 'file_ttl_days'],
  ['keeps links for part of a day', { file_ttl_days: 1.5 }, 'file_ttl_days'],
  ['ends links with the first download', { lifespan_after_download_days: 0 }, 'lifespan_after_download_days'],
  ['does something else', { action: 'delete' }, 'action'],
  ['has a base that is no URL', { public_base_url: 'mail.example.com' }, 'public_base_url'],
  ['has a base of another kind', { public_base_url: 'ftp://mail.example.com' }, 'public_base_url'],
  ['has a base with a blank', { public_base_url: ' https://mail.example.com' }, 'public_base_url'],
  ['has a base that is cut in two', { public_base_url: 'https://mail.\nexample.com' }, 'public_base_url'],
  ['has a base with a query', { public_base_url: 'https://mail.example.com/?a=' }, 'public_base_url'],
  ['has a template that is cut short', { footer_html: '{% if' }, 'footer_html'],
  ['has a template that reads files', { footer_text: "{% render '/etc/hostname' %}" }, 'footer_text'],
  ['has a template that is a book', { footer_text: 'x'.repeat(20_001) }, 'footer_text'],
  ['says what nobody knows', { secret_key: 'x' }, 'secret_key'],
];

test('what cannot be is refused, by the field, and nothing is stored', async () => {
  await using world = await openLargeWorld(onSqlite);
  for (const [what, config, field] of REFUSED) {
    const refused = await world.configure(config).catch((error: unknown) => error);
    const problems = refused instanceof MailProxyError ? refused.problems : [];
    expect([what, problems.map(({ pointer }) => pointer)]).toEqual([what, [`/large_file_config/${field}`]]);
  }
  expect(await shown(world)).toBe(null);
});

test('what is not enabled may name no storage yet', async () => {
  await using world = await openLargeWorld(onSqlite);
  await world.configure({ enabled: false, action: 'rewrite' });
  expect(await shown(world)).toMatchObject({ action: 'rewrite', storage_url: null });
});

test('without storages nothing is rewritten, and the rest is as ever', async () => {
  const { database, drop } = await onSqlite();
  try {
    await using engine = await createMailEngine({ config: { database }, mixins: [largeAttachments] });
    const input = { id: 'acme', large_file_config: REWRITE };
    await expect(engine.execute('tenants.create', input)).rejects.toMatchObject({
      problems: [{ pointer: '/large_file_config/storage_url', message: 'there are no storages here' }],
    });
    await engine.execute('tenants.create', { ...input, large_file_config: { enabled: true, action: 'reject' } });
  } finally {
    await drop();
  }
});

test.each([{ publicUrl: 'mail.example.com' }, { publicUrl: 5 }, { secretKey: 'x' }])(
  'a configuration of the mixin that is wrong stops the start: case %#',
  async (mixinConfig) => {
    await expect(openLargeWorld(onSqlite, { mixinConfig })).rejects.toMatchObject({ code: 'invalid_config' });
  },
);
