// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { addTenants, type OpenWorld } from '../world.case.ts';

/** What of a tenant governs the sending of its mail. */
export function tenantSendingCases(open: OpenWorld): void {
  test('a field that is wrong is named', async () => {
    await using world = await open();
    const wrong: readonly (readonly [pointer: string, input: object])[] = [
      ['/weight', { weight: 0 }],
      ['/weight', { weight: 101 }],
      ...['limit_per_minute', 'limit_per_hour', 'limit_per_day'].flatMap((field) =>
        [0, 1_000_000_001, 0.5].map((value) => [`/${field}`, { [field]: value }] as const),
      ),
      ['/limit_unit', { limit_unit: 'byte' }],
      ['/limit_behavior', { limit_behavior: 'defer' }],
      ['/refuse_over_limit', { refuse_over_limit: 1 }],
      ['/on_in_doubt', { on_in_doubt: 'guess' }],
      ['/retry/factor', { retry: { factor: 0 } }],
      ['/reply_rules/0', { reply_rules: [{ verdict: 'policy' }] }],
      [
        '/reply_rules/1/verdict',
        {
          reply_rules: [
            { codes: [450], verdict: 'policy' },
            { codes: [450], verdict: 'x' },
          ],
        },
      ],
      ['/suspended_at', { suspended_at: 1 }],
    ];
    for (const [pointer, input] of wrong) {
      const refused = await world.refused('tenants.create', { id: 'acme', ...input });
      expect([input, refused]).toEqual([input, `invalid_input ${pointer}`]);
    }
  });

  test('what is set is kept by other changes, and cleared with null', async () => {
    await using world = await open();
    const given = {
      weight: 9,
      limit_per_minute: 10,
      limit_per_hour: 100,
      limit_per_day: 1_000_000_000,
      limit_unit: 'recipient',
      refuse_over_limit: true,
      on_in_doubt: 'fail',
      retry: { base_seconds: 30, factor: 3 },
      reply_rules: [{ stages: ['rcpt'], codes: [550], verdict: 'policy', permanence: 'temporary' }],
    };
    expect(await world.run('tenants.create', { id: 'acme', ...given })).toMatchObject(given);
    expect(await world.run('tenants.update', { tenant_id: 'acme', name: 'Acme' })).toMatchObject(given);
    expect(await world.run('tenants.update', { tenant_id: 'acme', limit_per_hour: 7 })).toMatchObject({
      ...given,
      limit_per_hour: 7,
    });
    const cleared = Object.fromEntries(Object.keys(given).map((field) => [field, null]));
    const defaults = {
      ...cleared,
      weight: 1,
      limit_unit: 'message',
      refuse_over_limit: false,
      on_in_doubt: 'retry',
      reply_rules: [],
    };
    expect(await world.run('tenants.update', { tenant_id: 'acme', ...cleared })).toMatchObject(defaults);
    await addTenants(world, 'bare');
    expect(await world.run('tenants.get', { tenant_id: 'bare' }, 'bare')).toMatchObject(defaults);
  });

  test("a tenant's own key changes how its mail is sent, and the change is kept", async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const of = { tenant_id: 'acme' };
    const given = {
      refuse_over_limit: true,
      on_in_doubt: 'hold',
      retry: { base_seconds: 30, max_attempts: 4 },
      reply_rules: [{ codes: [450], verdict: 'policy' }],
    };
    const told: string[] = [];
    using _listening = world.tenants.onChange((id) => told.push(id));
    const changed = await world.run('tenants.update-sending', { ...of, ...given }, 'acme');
    expect(changed).toMatchObject(given);
    expect(await world.run('tenants.get', of, 'acme')).toEqual(changed);
    // The engine is told, so that it holds for the next attempt.
    expect(told).toEqual(['acme']);
    expect(await world.run('tenants.update-sending', { ...of, on_in_doubt: 'fail' }, 'acme')).toMatchObject({
      ...given,
      on_in_doubt: 'fail',
    });
    const cleared = Object.fromEntries(Object.keys(given).map((field) => [field, null]));
    expect(await world.run('tenants.update-sending', { ...of, ...cleared }, 'acme')).toMatchObject({
      refuse_over_limit: false,
      on_in_doubt: 'retry',
      retry: null,
      reply_rules: [],
    });
    expect(await world.run('tenants.update-sending', { ...of, on_in_doubt: 'hold' })).toMatchObject({
      on_in_doubt: 'hold',
    });
  });

  test('of its sending a tenant changes nothing that costs others', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const operators = {
      name: 'x',
      client_base_url: 'https://acme.example',
      weight: 100,
      limit_per_minute: null,
      limit_unit: 'message',
      suspended_at: null,
    };
    for (const [field, value] of Object.entries(operators)) {
      const refused = await world.refused('tenants.update-sending', { tenant_id: 'acme', [field]: value }, 'acme');
      expect(refused).toBe(`invalid_input /${field}`);
    }
  });

  test("another tenant's key is told that there is no such tenant, and changes nothing", async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const before = await world.run('tenants.get', { tenant_id: 'acme' });
    const refusalOf = (tenant_id: string) =>
      world.run('tenants.update-sending', { tenant_id, on_in_doubt: 'fail' }, 'other').catch((error: unknown) => error);
    const refusal = await refusalOf('acme');
    expect(refusal).toMatchObject({ code: 'not_found' });
    expect(refusal).toEqual(await refusalOf('nobody'));
    expect(await world.refused('tenants.update-sending', { tenant_id: 'nobody' })).toBe('not_found');
    expect(await world.run('tenants.get', { tenant_id: 'acme' })).toEqual(before);
  });

  test('suspending and activating may be said twice, and keeps since when', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const of = { tenant_id: 'acme' };
    const suspended = await world.run('tenants.suspend', of);
    expect(suspended).toMatchObject({ id: 'acme', suspended: true, suspended_at: '2026-01-01T00:00:00.000Z' });
    world.time.advance(1_000);
    expect(await world.run('tenants.suspend', of)).toEqual(suspended);
    expect(await world.run('tenants.get', of, 'acme')).toEqual(suspended);
    const active = await world.run('tenants.activate', of);
    expect(active).toMatchObject({ suspended: false, suspended_at: null, updated_at: '2026-01-01T00:00:01.000Z' });
    world.time.advance(1_000);
    expect(await world.run('tenants.activate', of)).toEqual(active);
  });

  test('a dry run of a suspension counts what would be kept back, and changes nothing', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    for (const tenantId of ['acme', 'other']) {
      const { pk } = await world.run('accounts.create', { id: 'main', host: 'smtp.example.org', port: 25 }, tenantId);
      for (const state of ['ready', 'ready', 'final'] as const) {
        await world.addMessage({ tenantId, accountPk: String(pk), state });
      }
    }
    const before = await world.run('tenants.get', { tenant_id: 'acme' });
    const told: string[] = [];
    using _ = world.tenants.onChange((id) => told.push(id));
    const counted = await world.run('tenants.suspend', { tenant_id: 'acme', dry_run: true });
    expect(counted).toEqual({ ...before, suspended: false, waiting: 2 });
    expect(await world.run('tenants.get', { tenant_id: 'acme' })).toEqual(before);
    expect(told).toEqual([]);
    expect(await world.refused('tenants.suspend', { tenant_id: 'nobody', dry_run: true })).toBe('not_found');
  });

  test('only the operator suspends and activates, and only what there is', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    for (const operation of ['tenants.suspend', 'tenants.activate']) {
      expect(await world.refused(operation, { tenant_id: 'acme' }, 'acme')).toBe('forbidden');
      expect(await world.refused(operation, { tenant_id: 'nobody' })).toBe('not_found');
    }
  });

  test('listeners are told of each change until they are disposed of', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const told: string[] = [];
    const listening = world.tenants.onChange((id) => told.push(id));
    await world.run('tenants.update', { tenant_id: 'acme', weight: 2 });
    await world.run('tenants.suspend', { tenant_id: 'other' });
    await world.run('tenants.activate', { tenant_id: 'acme' });
    await world.run('tenants.delete', { tenant_id: 'other' });
    expect(told).toEqual(['acme', 'other', 'acme', 'other']);
    listening[Symbol.dispose]();
    await world.run('tenants.update', { tenant_id: 'acme', weight: 3 });
    expect(told).toHaveLength(4);
  });
}
