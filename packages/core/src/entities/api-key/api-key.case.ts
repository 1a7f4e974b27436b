// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { NO_LIMITS } from '../../operations/key-limits.ts';
import { addTenants, holderOf, type OpenWorld, START, type World } from '../world.case.ts';
import { UNLIMITED } from './api-key.model.ts';
import { createApiKeyStore } from './api-key.store.ts';

async function addKey(world: World, tenantId = 'acme'): Promise<{ readonly token: string; readonly id: string }> {
  const { token, key } = await world.apiKeys.create({
    ...{ tenantId, kind: 'tenant', label: '', limits: UNLIMITED, expiresAt: null },
    pk: world.makePk(),
    now: START,
  });
  return { token, id: key.id };
}

/** Set a column behind the store's back, as another instance would. */
async function alter({ database }: World, id: string, columns: Record<string, string | number | null>): Promise<void> {
  const update = database.prepare<object>((k) => k.updateTable('api_keys').set(columns).where('id', '=', id));
  await database.write([update.bind({})]);
}

export function apiKeyCases(open: OpenWorld): void {
  test('a key is shown once and authenticates its tenant', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const created = await world.run('api-keys.create', { tenant_id: 'acme', label: 'web shop' });
    const { api_key: token, ...shown } = created;
    expect(shown).toMatchObject({ tenant_id: 'acme', label: 'web shop', revoked_at: null });
    expect(await holderOf(world, String(token))).toEqual({
      kind: 'tenant',
      name: `key ${String(shown['id'])}`,
      tenantId: 'acme',
      limits: NO_LIMITS,
    });
    expect(await world.run('api-keys.list', { tenant_id: 'acme' })).toEqual({ items: [shown], next: null });
  });

  test('a token that differs in one character is refused', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { token } = await addKey(world);
    expect(await holderOf(world, token)).not.toBeNull();
    for (const wrong of [
      token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A'),
      token.slice(0, -1),
      `${token}A`,
      token.toUpperCase(),
      token.replace('mp_live_', ''),
      '',
    ]) {
      expect(await holderOf(world, wrong)).toBeNull();
    }
  });

  test("one key's id with another key's secret is refused", async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const [ours, theirs] = [await addKey(world, 'acme'), await addKey(world, 'other')];
    expect(await holderOf(world, theirs.token.replace(theirs.id, ours.id))).toBeNull();
  });

  test('a revoked key is refused at once, and cannot be revoked again', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { token, id } = await addKey(world);
    const spare = await addKey(world);
    expect(await holderOf(world, token)).not.toBeNull();
    const reference = { tenant_id: 'acme', key_id: id };
    expect(await world.run('api-keys.revoke', reference)).toBeNull();
    expect(await holderOf(world, token)).toBeNull();
    expect(await holderOf(world, spare.token)).not.toBeNull();
    expect(await world.refused('api-keys.revoke', reference)).toBe('not_found');
    expect((await world.run('api-keys.list', { tenant_id: 'acme' }))['items']).toMatchObject([
      { id, revoked_at: '2026-01-01T00:00:00.000Z' },
      { id: spare.id, revoked_at: null },
    ]);
  });

  test('a key is revoked under its own tenant only', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const { token, id } = await addKey(world);
    expect(await world.refused('api-keys.revoke', { tenant_id: 'other', key_id: id })).toBe('not_found');
    expect(await holderOf(world, token)).not.toBeNull();
  });

  test('a process that is not told of revocations reads the key each time', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { token, id } = await addKey(world);
    const untold = async () => (await world.apiKeys.identify(token, { isTold: false })).kind;
    expect(await untold()).toBe('valid');
    await createApiKeyStore(world.database, world.time.clock).revoke({ tenantId: 'acme' }, id, START);
    expect(await untold()).toBe('revoked');
  });

  test('a revocation of which the notice is lost is noticed after a second', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { token, id } = await addKey(world);
    expect(await holderOf(world, token)).not.toBeNull();
    const elsewhere = createApiKeyStore(world.database, world.time.clock);
    await elsewhere.revoke({ tenantId: 'acme' }, id, START);
    expect(await holderOf({ apiKeys: elsewhere }, token)).toBeNull();
    world.time.advance(1_000);
    expect(await holderOf(world, token)).toBeNull();
  });

  test('a key ends at its time, also while it is remembered', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { token, id } = await addKey(world);
    await alter(world, id, { expires_at: START + 500 });
    world.time.advance(499);
    expect(await holderOf(world, token)).not.toBeNull();
    world.time.advance(1);
    expect(await holderOf(world, token)).toBeNull();
  });

  test('the scope says what a key is for, and one that makes no sense is refused', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const expected: readonly (readonly [kind: string | undefined, columns: Record<string, string | null>])[] = [
      ['admin', { scopes: 'admin', tenant_id: null }],
      ['metrics', { scopes: 'metrics', tenant_id: null }],
      [undefined, { scopes: 'admin' }],
      [undefined, { scopes: 'tenant', tenant_id: null }],
      [undefined, { scopes: 'root', tenant_id: null }],
      // Limits that older code does not know have another name of the kind.
      [undefined, { scopes: 'limited tenant' }],
      [undefined, { limits: JSON.stringify({ ...UNLIMITED, mode: 'test' }) }],
      ['tenant', { scopes: 'limited tenant', limits: JSON.stringify({ ...UNLIMITED, mode: 'test' }) }],
    ];
    for (const [kind, columns] of expected) {
      const { token, id } = await addKey(world);
      await alter(world, id, columns);
      expect((await holderOf(world, token))?.kind).toBe(kind);
    }
  });

  test('a key for a tenant that does not exist is not stored', async () => {
    await using world = await open();
    await expect(addKey(world, 'nobody')).rejects.toMatchObject({ code: 'not_found' });
  });
}
