// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { type OpenWorld, START } from '../world.case.ts';

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
    const entry = { operation: 'x', principal: 'p', origin: 'o', input: '{}', outcome: 'ok' };
    for (let n = 0; n < 5; n++) {
      const tenantId = n % 2 === 0 ? 'even' : 'odd';
      await world.commandLog.append({ ...entry, tenantId, origin: String(n), pk: world.makePk(), at: START + n });
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

  test('tenants have no part in it', async () => {
    await using world = await open();
    expect(await world.refused('command-log.list', {}, 'acme')).toBe('forbidden');
  });
}
