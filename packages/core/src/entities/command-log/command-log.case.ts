// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { addTenants, type OpenWorld, START, type World } from '../world.case.ts';

export function commandLogCases(open: OpenWorld): void {
  test('commands are listed with their end, the newest first, without their secrets', async () => {
    await using world = await open();
    const auth = { method: 'bearer', token: 'tok-5e5e' };
    await world.run('tenants.create', { id: 'acme', client_auth: auth });
    world.time.advance(1_000);
    await world.refused('accounts.delete', { account_id: 'none' }, 'acme');
    const { items, next } = await world.run('command-log.list', {});
    expect(next).toBeNull();
    expect(items).toEqual([
      {
        pk: expect.any(String),
        at: '2026-01-01T00:00:01.000Z',
        operation: 'accounts.delete',
        tenant_id: 'acme',
        principal: 'key',
        origin: 'test',
        request_id: null,
        input: { account_id: 'none' },
        outcome: 'not_found',
      },
      expect.objectContaining({
        at: '2026-01-01T00:00:00.000Z',
        operation: 'tenants.create',
        principal: 'operator',
        input: { id: 'acme', client_auth: '[secret]' },
        outcome: 'ok',
      }),
    ]);
  });

  test('pages run backwards through all lines, or those of one tenant', async () => {
    await using world = await open();
    const entry = { operation: 'x', principal: 'p', origin: 'o', input: '{}', outcome: 'ok', requestId: null };
    for (let n = 0; n < 5; n++) {
      const tenantId = n % 2 === 0 ? 'even' : 'odd';
      await world.commandLog.append([{ ...entry, tenantId, origin: String(n), pk: world.makePk(), at: START + n }]);
    }
    const pages = async (filter: object): Promise<string> => {
      const seen: string[] = [];
      let after: unknown;
      do {
        const page = await world.run('command-log.list', { ...filter, limit: 2, ...(after ? { after } : {}) });
        seen.push(...(page['items'] as { origin: string }[]).map((item) => item.origin));
        after = page['next'];
      } while (after !== null);
      return seen.join('');
    };
    expect(await pages({})).toBe('43210');
    expect(await pages({ tenant_id: 'even' })).toBe('420');
  });

  test('a tenant reads its own lines, and none of others', async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    await world.refused('accounts.delete', { account_id: 'none' }, 'acme');
    await world.refused('accounts.delete', { account_id: 'none' }, 'other');
    await world.run('tenants.suspend', { tenant_id: 'other' });
    expect((await world.run('command-log.list', {}, 'acme'))['items']).toMatchObject([
      { operation: 'accounts.delete', tenant_id: 'acme' },
    ]);
    expect(await world.refused('command-log.list', { tenant_id: 'other' }, 'acme')).toBe('not_found');
    expect(await world.refused('command-log.purge', { before: '2030-01-01T00:00:00Z' }, 'acme')).toBe('forbidden');
  });

  test('lines are found by operation, end, caller and time', async () => {
    await using world = await open();
    await addLines(world, 6);
    const found = async (filter: object): Promise<string> => {
      const { items } = await world.run('command-log.list', filter);
      return (items as { origin: string }[]).map(({ origin }) => origin).join('');
    };
    expect(await found({ operation: 'accounts.update' })).toBe('42');
    expect(await found({ outcome: 'conflict' })).toBe('420');
    expect(await found({ principal: 'key 1' })).toBe('53');
    expect(await found({ principal: 'key 1', outcome: 'ok', operation: 'accounts.create' })).toBe('53');
    expect(await found({ since: at(2), until: at(4) })).toBe('32');
    expect(await found({ tenant_id: 'even', until: at(3) })).toBe('20');
    expect(await found({ operation: 'nothing' })).toBe('');
    expect(await world.refused('command-log.list', { since: 'yesterday' })).toBe('invalid_input /since');
  });

  test('an export holds every line once, the oldest first, however many there are', async () => {
    await using world = await open();
    await addLines(world, 2_100);
    const origins = await exported(world, {});
    expect(origins).toEqual(Array.from({ length: 2_100 }, (_, n) => String(n)));
    expect(await exported(world, { tenant_id: 'odd', until: at(6) })).toEqual(['1', '3', '5']);
    expect(await exported(world, { until: at(5) }, 'even')).toEqual(['0', '2', '4']);
  });

  test('a purge deletes what is older, of a tenant or of all, and is a line itself', async () => {
    await using world = await open();
    await addLines(world, 2_100);
    world.time.advance(10_000);
    expect(await world.run('command-log.purge', { before: at(4), tenant_id: 'odd' })).toEqual({ deleted: 2 });
    expect((await exported(world, { until: at(7) })).slice(0, 5)).toEqual(['0', '2', '4', '5', '6']);
    expect(await world.run('command-log.purge', { before: at(2_098) })).toEqual({ deleted: 2_096 });
    const { items } = await world.run('command-log.list', {});
    expect((items as { operation: string }[]).map(({ operation }) => operation)).toEqual([
      'command-log.purge',
      'command-log.purge',
      'accounts.create',
      'accounts.update',
    ]);
  });
}

const at = (n: number): string => new Date(START + n).toISOString();

/** Lines that differ in all by which they may be found. */
async function addLines(world: World, count: number): Promise<void> {
  await world.commandLog.append(
    Array.from({ length: count }, (_, n) => ({
      pk: world.makePk(),
      at: START + n,
      operation: n === 0 ? 'accounts.delete' : n % 2 === 0 ? 'accounts.update' : 'accounts.create',
      tenantId: n % 2 === 0 ? 'even' : 'odd',
      principal: n < 2 ? 'admin' : `key ${n % 2}`,
      origin: String(n),
      requestId: `request-${n}`,
      input: '{}',
      outcome: n % 2 === 0 ? 'conflict' : 'ok',
    })),
  );
}

async function exported(world: World, filter: object, tenantId?: string): Promise<readonly string[]> {
  // The answer of this operation gives lines.
  const lines = (await world.run('command-log.export', filter, tenantId)) as unknown as AsyncIterable<{
    origin: string;
  }>;
  const origins: string[] = [];
  for await (const { origin } of lines) origins.push(origin);
  return origins;
}
