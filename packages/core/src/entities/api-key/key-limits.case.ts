// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import type { Principal } from '../../operations/principal.ts';
import { addTenants, holderOf, type OpenWorld, START, type World } from '../world.case.ts';

const of = { tenant_id: 'acme' };
const LATER = new Date(START + 86_400_000).toISOString();
const EVEN_LATER = new Date(START + 2 * 86_400_000).toISOString();

interface Made {
  readonly id: string;
  readonly token: string;
  readonly principal: Principal;
}

async function make(world: World, input: object, by?: Principal): Promise<Made> {
  const { id, api_key: token } = await world.run('api-keys.create', { ...of, ...input }, by);
  const principal = await holderOf(world, String(token));
  if (principal === null) throw new Error('a new key opens something');
  return { id: String(id), token: String(token), principal };
}

/** What keys may be given, kept and handed on. */
export function keyLimitCases(open: OpenWorld): void {
  test('the prefix of a token says what it is, and its limits come with it', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const plain = await make(world, {});
    expect(plain.token).toMatch(/^mp_live_/);
    expect(plain.principal).toMatchObject({ limits: { mode: 'live', scopes: null, senders: null, expiresAt: null } });
    const limited = await make(world, {
      mode: 'test',
      label: 'shop',
      scopes: ['messages:read', 'accounts:*'],
      senders: ['Shop.Example', 'Info@example.org', 'bücher.example'],
      ip_ranges: ['192.0.2.0/24', '2001:db8::/32'],
      rate_per_minute: 60,
      expires_at: LATER,
    });
    expect(limited.token).toMatch(/^mp_test_/);
    expect(limited.principal).toMatchObject({
      limits: {
        mode: 'test',
        scopes: ['messages:read', 'accounts:*'],
        senders: ['shop.example', 'info@example.org', 'xn--bcher-kva.example'],
        ratePerMinute: 60,
        expiresAt: Date.parse(LATER),
      },
    });
    expect(await world.run('api-keys.get', { ...of, key_id: limited.id })).toMatchObject({
      mode: 'test',
      scopes: ['messages:read', 'accounts:*'],
      ip_ranges: ['192.0.2.0/24', '2001:db8::/32'],
      last_used_at: null,
    });
  });

  test('what is wrong of a key is named', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const wrong: readonly (readonly [pointer: string, input: object])[] = [
      ['/scopes/0', { scopes: ['messages:delete'] }],
      ['/scopes', { scopes: [] }],
      ['/senders/1', { senders: ['example.com', 'not a domain'] }],
      ['/senders/0', { senders: ['a@b@c'] }],
      ['/ip_ranges/0', { ip_ranges: ['10.0.0.0/33'] }],
      ['/ip_ranges/0', { ip_ranges: ['example.com'] }],
      ['/rate_per_minute', { rate_per_minute: 0 }],
      ['/expires_at', { expires_at: 'soon' }],
      ['/expires_at', { expires_at: new Date(START).toISOString() }],
      ['/mode', { mode: 'sandbox' }],
    ];
    for (const [pointer, input] of wrong) {
      expect([input, await world.refused('api-keys.create', { ...of, ...input })]).toEqual([
        input,
        `invalid_input ${pointer}`,
      ]);
    }
  });

  test('a change keeps what is absent, takes away with null, and holds at once', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { id, token } = await make(world, { scopes: ['messages:send'], rate_per_minute: 5 });
    const changed = await world.run('api-keys.update', { ...of, key_id: id, scopes: ['messages:read'], label: 'x' });
    expect(changed).toMatchObject({ scopes: ['messages:read'], rate_per_minute: 5, label: 'x' });
    expect(await holderOf(world, token)).toMatchObject({ limits: { scopes: ['messages:read'] } });
    await world.run('api-keys.update', { ...of, key_id: id, scopes: null, rate_per_minute: null });
    expect(await holderOf(world, token)).toMatchObject({ limits: { scopes: null, ratePerMinute: null } });
  });

  test('a key that was revoked is neither changed nor rotated', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { id } = await make(world, {});
    await world.run('api-keys.revoke', { ...of, key_id: id });
    expect(await world.refused('api-keys.update', { ...of, key_id: id, label: 'x' })).toBe('conflict');
    expect(await world.refused('api-keys.rotate', { ...of, key_id: id })).toBe('conflict');
  });

  test('of two changes at once that read the same key, one is refused', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { id } = await make(world, { scopes: ['messages:read'] });
    const key = await world.apiKeys.get({ tenantId: 'acme' }, id);
    await world.apiKeys.update({ tenantId: 'acme' }, { ...key, label: 'first' });
    await expect(world.apiKeys.update({ tenantId: 'acme' }, { ...key, scopes: null })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('a rotated key and the one in its place both work for a while, with the same limits', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { id, token } = await make(world, { label: 'shop', scopes: ['messages:send'], senders: ['shop.example'] });
    const rotated = await world.run('api-keys.rotate', { ...of, key_id: id, overlap_seconds: 60 });
    expect(rotated).toMatchObject({
      label: 'shop',
      scopes: ['messages:send'],
      senders: ['shop.example'],
      expires_at: null,
      replaces: { id, expires_at: new Date(START + 60_000).toISOString() },
    });
    const fresh = String(rotated['api_key']);
    expect(await holderOf(world, fresh)).toMatchObject({ limits: { senders: ['shop.example'] } });
    world.time.advance(59_999);
    expect(await holderOf(world, token)).not.toBeNull();
    world.time.advance(1);
    expect(await holderOf(world, token)).toBeNull();
    expect(await holderOf(world, fresh)).not.toBeNull();
  });

  test('rotation does not lengthen the life of a key', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { id } = await make(world, { expires_at: new Date(START + 10_000).toISOString() });
    const rotated = await world.run('api-keys.rotate', { ...of, key_id: id, overlap_seconds: 60 });
    const end = new Date(START + 10_000).toISOString();
    expect(rotated).toMatchObject({ expires_at: end, replaces: { expires_at: end } });
  });

  const own = {
    scopes: ['keys:*', 'messages:read'],
    senders: ['shop.example'],
    ip_ranges: ['192.0.2.0/24'],
    rate_per_minute: 60,
    expires_at: LATER,
  };

  test('a key that makes another one without saying what it is for hands on exactly what it has', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const maker = await make(world, own);
    const made = await make(world, {}, maker.principal);
    expect(made.principal).toMatchObject({ limits: 'limits' in maker.principal ? maker.principal.limits : null });
  });

  test.each([
    ['scopes', { scopes: ['messages:send'] }],
    ['scopes', { scopes: ['messages:*'] }],
    ['scopes', { scopes: ['admin'] }],
    ['scopes', { scopes: null }],
    ['senders', { senders: null }],
    ['senders', { senders: ['other.example'] }],
    ['ip_ranges', { ip_ranges: null }],
    ['ip_ranges', { ip_ranges: ['192.0.0.0/16'] }],
    ['ip_ranges', { ip_ranges: ['192.0.2.1', '2001:db8::1'] }],
    ['rate_per_minute', { rate_per_minute: 61 }],
    ['rate_per_minute', { rate_per_minute: null }],
    ['expires_at', { expires_at: EVEN_LATER }],
    ['expires_at', { expires_at: null }],
  ])('nobody grants what they do not have: %s with %j', async (field, more) => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { principal } = await make(world, own);
    const creating = world.run('api-keys.create', { ...of, ...more }, principal);
    await expect(creating).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining(field) });
    const mine = await make(world, {}, principal);
    const changing = world.run('api-keys.update', { ...of, key_id: mine.id, ...more }, principal);
    await expect(changing).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining(field) });
  });

  test('less than the own may be granted: a part of each', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { principal } = await make(world, own);
    const less = {
      scopes: ['messages:read'],
      senders: ['info@shop.example'],
      ip_ranges: ['192.0.2.128/25'],
      rate_per_minute: 1,
      expires_at: new Date(START + 1_000).toISOString(),
    };
    expect((await make(world, less, principal)).principal).toMatchObject({ limits: { scopes: ['messages:read'] } });
  });

  test('a key does not become the more powerful one that it changes or rotates', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const powerful = await make(world, {});
    const { principal } = await make(world, own);
    for (const operation of ['api-keys.rotate', 'api-keys.update']) {
      expect(await world.refused(operation, { ...of, key_id: powerful.id }, principal)).toBe('forbidden');
    }
    expect(await world.run('api-keys.revoke', { ...of, key_id: powerful.id }, principal)).toBeNull();
  });

  test("an operator's tokens are made, listed, rotated and revoked, and a limited one makes no better one", async () => {
    await using world = await open();
    const made = await world.run('instance-tokens.create', { kind: 'admin', label: 'ops', expires_at: LATER });
    const token = String(made['api_key']);
    expect(token).toMatch(/^mp_admin_/);
    const principal = await holderOf(world, token);
    expect(principal).toMatchObject({ kind: 'admin', name: `key ${String(made['id'])}` });
    const metrics = await world.run('instance-tokens.create', { kind: 'metrics' });
    expect(String(metrics['api_key'])).toMatch(/^mp_metrics_/);
    expect(await holderOf(world, String(metrics['api_key']))).toMatchObject({ kind: 'metrics' });
    expect((await world.run('instance-tokens.list', {}))['items']).toMatchObject([
      { id: made['id'], kind: 'admin', label: 'ops' },
      { id: metrics['id'], kind: 'metrics' },
    ]);
    if (principal === null) throw new Error('it was just made');
    const more = { kind: 'admin', expires_at: null };
    expect(await world.refused('instance-tokens.create', more, principal)).toBe('forbidden');
    const rotated = await world.run('instance-tokens.rotate', { token_id: made['id'], overlap_seconds: 0 });
    expect(await holderOf(world, token)).toBeNull();
    expect(await holderOf(world, String(rotated['api_key']))).toMatchObject({ kind: 'admin' });
    await world.run('instance-tokens.revoke', { token_id: rotated['id'] });
    expect(await holderOf(world, String(rotated['api_key']))).toBeNull();
    expect(await world.refused('instance-tokens.get', { token_id: 'none' })).toBe('not_found');
  });

  test("a tenant's key is none of the operator's tokens, nor the other way round", async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const key = await make(world, {});
    const token = await world.run('instance-tokens.create', { kind: 'admin' });
    expect(await world.refused('instance-tokens.revoke', { token_id: key.id })).toBe('not_found');
    expect(await world.refused('api-keys.revoke', { ...of, key_id: token['id'] })).toBe('not_found');
    expect(await world.refused('api-keys.get', { ...of, key_id: token['id'] })).toBe('not_found');
  });

  test('when keys were last used is written for many at once, and never moves back', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const [one, other] = [await make(world, {}), await make(world, {})];
    await world.apiKeys.markUsed(
      new Map([
        [one.id, START + 5_000],
        [other.id, START + 7_000],
      ]),
    );
    await world.apiKeys.markUsed(new Map([[one.id, START + 1_000]]));
    expect((await world.run('api-keys.list', of))['items']).toMatchObject([
      { last_used_at: new Date(START + 5_000).toISOString() },
      { last_used_at: new Date(START + 7_000).toISOString() },
    ]);
  });
}
