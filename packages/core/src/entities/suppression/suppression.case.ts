// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { addTenants, dump, type OpenWorld, type World } from '../world.case.ts';
import { prepareSuppressionLookup } from './suppression-lookup.ts';

const NOW = '2026-01-01T00:00:00.000Z';

async function linesOf(world: World, input: object, as?: string): Promise<readonly string[]> {
  const found: string[] = [];
  const lines: unknown = await world.run('suppressions.export', input, as);
  // The output of an operation whose answer is lines.
  for await (const line of lines as AsyncIterable<{ readonly address: string }>) found.push(line.address);
  return found;
}

export function suppressionCases(open: OpenWorld): void {
  test('an entry is made, shown under every form of its address, listed and removed', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const made = await world.run('suppressions.add', { address: 'Bob@Example.ORG', note: 'asked by phone' }, 'acme');
    expect(made).toEqual({
      pk: expect.any(String),
      tenant_id: 'acme',
      address: 'bob@example.org',
      reason: 'manual',
      note: 'asked by phone',
      source_event_id: null,
      stopped: 0,
      last_stopped_at: null,
      created_at: NOW,
      updated_at: NOW,
      expires_at: null,
    });
    for (const address of ['bob@example.org', 'BOB@EXAMPLE.ORG', '"bob"@example.org', made['pk']]) {
      expect(await world.run('suppressions.get', { address }, 'acme')).toEqual(made);
    }
    expect(await world.run('suppressions.list', {}, 'acme')).toEqual({ items: [made], next: null });
    expect(await world.run('suppressions.remove', { address: 'bOb@example.org' }, 'acme')).toBeNull();
    expect(await world.refused('suppressions.get', { address: 'bob@example.org' }, 'acme')).toBe('not_found');
    expect(await world.refused('suppressions.remove', { address: 'bob@example.org' }, 'acme')).toBe('not_found');
    const { items } = await world.run('command-log.list', {}, 'acme');
    expect(items).toMatchObject([
      { operation: 'suppressions.remove', outcome: 'not_found' },
      { operation: 'suppressions.remove', outcome: 'ok', input: { address: 'bOb@example.org' } },
      { operation: 'suppressions.add', outcome: 'ok', input: { address: 'Bob@Example.ORG', note: '[content]' } },
    ]);
  });

  test('a name in another script is one, in either form', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const { address } = await world.run('suppressions.add', { address: 'Jörg@Bücher.example' }, 'acme');
    expect(address).toBe('jörg@xn--bcher-kva.example');
    // U+0308 joins the letter before it.
    for (const same of ['JO\u0308RG@xn--bcher-kva.example', 'jörg@BÜCHER.example']) {
      expect(await world.run('suppressions.get', { address: same }, 'acme')).toMatchObject({ address });
    }
  });

  test('what is added again takes what is said now, and keeps its key and its age', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const first = await world.run('suppressions.add', { address: 'bob@example.org', note: 'first' }, 'acme');
    world.time.advance(1_000);
    const expires_at = '2026-06-01T00:00:00.000Z';
    const again = { address: 'bob@example.org', reason: 'unsubscribe', expires_at };
    expect(await world.run('suppressions.add', again, 'acme')).toEqual({
      ...first,
      reason: 'unsubscribe',
      note: null,
      expires_at,
      updated_at: '2026-01-01T00:00:01.000Z',
    });
    expect(await linesOf(world, {}, 'acme')).toEqual(['bob@example.org']);
  });

  test('an entry whose time is over is as if it were not there', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const address = 'bob@example.org';
    await world.run('suppressions.add', { address, expires_at: '2026-01-01T00:00:01Z' }, 'acme');
    const check = () => world.run('suppressions.check', { address }, 'acme');
    expect(await check()).toMatchObject({ suppressed: true });
    world.time.advance(1_000);
    expect(await check()).toMatchObject({ suppressed: false });
    expect(await world.refused('suppressions.get', { address }, 'acme')).toBe('not_found');
    expect(await world.run('suppressions.list', {}, 'acme')).toEqual({ items: [], next: null });
    expect(
      await world.run('suppressions.import', { entries: [{ address }], on_existing: 'keep' }, 'acme'),
    ).toMatchObject({
      added: 1,
      replaced: 0,
      kept: 0,
      rejected: 0,
    });
    expect(await check()).toMatchObject({ suppressed: true, reason: 'import' });
  });

  test('an entry that is made again after its time begins anew, and its count does', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const entry = { address: 'bob@example.org', expires_at: '2026-01-01T00:00:01Z' };
    const first = await world.run('suppressions.add', entry, 'acme');
    const { markStopped } = prepareSuppressionLookup(world.database);
    await markStopped(new Map([[String(first['pk']), { times: 3, at: world.time.clock.now() }]]));
    world.time.advance(1_000);
    const made = await world.run('suppressions.add', { address: 'bob@example.org' }, 'acme');
    expect(made).toMatchObject({ stopped: 0, last_stopped_at: null, created_at: '2026-01-01T00:00:01.000Z' });
    // What is still to be counted is of the entry that was.
    await markStopped(new Map([[String(first['pk']), { times: 1, at: world.time.clock.now() }]]));
    expect(await world.run('suppressions.list', {}, 'acme')).toEqual({ items: [made], next: null });
  });

  test('a domain stops all of its addresses, and no others', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    await world.run('suppressions.add', { address: '@Gone.example' }, 'acme');
    await world.run('suppressions.add', { address: 'own@gone.example', reason: 'complaint' }, 'acme');
    const checks: readonly (readonly [given: string, by: string | null, reason: string | null])[] = [
      ['A@gone.EXAMPLE', '@gone.example', 'manual'],
      ['own@gone.example', 'own@gone.example', 'complaint'],
      ['a@sub.gone.example', null, null],
      ['a@begone.example', null, null],
      ['@gone.example', '@gone.example', 'manual'],
    ];
    for (const [given, by, reason] of checks) {
      expect(await world.run('suppressions.check', { address: given }, 'acme')).toEqual({
        address: given.toLowerCase(),
        suppressed: by !== null,
        by,
        reason,
      });
    }
    for (const domain of ['gone.example', '@GONE.example']) {
      expect(await linesOf(world, { domain }, 'acme')).toEqual(['@gone.example', 'own@gone.example']);
    }
  });

  test('a field that is wrong is named', async () => {
    await using world = await open();
    const wrong: readonly (readonly [pointer: string, input: object])[] = [
      ['/address', {}],
      ['/address', { address: '' }],
      ['/address', { address: 'bob' }],
      ['/address', { address: '@' }],
      ['/address', { address: '@no_domain.example' }],
      ['/address', { address: 'Bob <bob@example.org>' }],
      ['/reason', { address: 'bob@example.org', reason: 'dislike' }],
      ['/note', { address: 'bob@example.org', note: 'a\nb' }],
      ['/expires_at', { address: 'bob@example.org', expires_at: 'tomorrow' }],
      ['/expires_at', { address: 'bob@example.org', expires_at: NOW }],
    ];
    for (const [pointer, input] of wrong) {
      expect([input, await world.refused('suppressions.add', input)]).toEqual([input, `invalid_input ${pointer}`]);
    }
    expect(await world.refused('suppressions.list', { domain: 'a b' })).toBe('invalid_input /domain');
    expect(await world.refused('suppressions.check', { address: 'x' })).toBe('invalid_input /address');
    expect(await world.refused('suppressions.import', { entries: [] })).toBe('invalid_input /entries');
  });

  describe('an import', () => {
    test('stores what is right, and names what is wrong', async () => {
      await using world = await open();
      await addTenants(world, 'acme');
      await world.run('suppressions.add', { address: 'old@example.org' }, 'acme');
      const entries = [
        { address: 'new@example.org' },
        { address: 'none' },
        { address: 'old@example.org', reason: 'complaint', note: 'of 2020', expires_at: '2030-01-01T00:00:00Z' },
        { address: 'late@example.org', expires_at: '2020-01-01T00:00:00Z' },
        { address: 'bad@example.org', reason: 'dislike' },
        { address: '' },
      ];
      expect(await world.run('suppressions.import', { entries }, 'acme')).toEqual({
        added: 1,
        replaced: 1,
        kept: 0,
        rejected: 4,
        results: [
          { index: 0, status: 'added', address: 'new@example.org' },
          {
            index: 1,
            status: 'rejected',
            address: null,
            problems: [{ pointer: '/entries/1/address', message: 'there is no @' }],
          },
          { index: 2, status: 'replaced', address: 'old@example.org' },
          {
            ...{ index: 3, status: 'rejected', address: null },
            problems: [{ pointer: '/entries/3/expires_at', message: 'expected a time to come' }],
          },
          {
            ...{ index: 4, status: 'rejected', address: null },
            problems: [{ pointer: '/entries/4/reason', message: expect.stringContaining('hard_bounce') }],
          },
          {
            ...{ index: 5, status: 'rejected', address: null },
            problems: [{ pointer: '/entries/5/address', message: 'expected an address, or @domain' }],
          },
        ],
      });
      expect(await world.run('suppressions.get', { address: 'old@example.org' }, 'acme')).toMatchObject({
        reason: 'complaint',
        note: 'of 2020',
        expires_at: '2030-01-01T00:00:00.000Z',
      });
    });

    test('that keeps leaves entries as they are', async () => {
      await using world = await open();
      await addTenants(world, 'acme');
      await world.run('suppressions.add', { address: 'old@example.org' }, 'acme');
      const entries = [{ address: 'OLD@example.org', reason: 'complaint' }, { address: 'new@example.org' }];
      const kept = { entries, on_existing: 'keep' };
      expect(await world.run('suppressions.import', kept, 'acme')).toMatchObject({ added: 1, replaced: 0, kept: 1 });
      expect(await world.run('suppressions.get', { address: 'old@example.org' }, 'acme')).toMatchObject({
        reason: 'manual',
      });
    });

    test('that has an address twice adds it once, as if the two came one after the other', async () => {
      await using world = await open();
      await addTenants(world, 'acme');
      for (const [on_existing, again, note] of [
        ['replace', 'replaced', 'second'],
        ['keep', 'kept', 'first'],
      ] as const) {
        const [twice, others] = [`${on_existing}@example.org`, { replaced: 0, kept: 0 }];
        const entries = [
          { address: twice, note: 'first' },
          { address: twice.toUpperCase(), note: 'second' },
        ];
        expect(await world.run('suppressions.import', { entries, on_existing }, 'acme')).toMatchObject({
          ...{ added: 1, ...others, [again]: 1 },
          results: [{ status: 'added' }, { status: again }],
        });
        expect(await world.run('suppressions.get', { address: twice }, 'acme')).toMatchObject({ note });
      }
    });

    test('of a thousand addresses is one unit, and read again page by page', async () => {
      await using world = await open();
      await addTenants(world, 'acme');
      const entries = Array.from({ length: 1_000 }, (_, index) => ({ address: `a${index}@example.org` }));
      const units = world.database.stats.units;
      expect(await world.run('suppressions.import', { entries }, 'acme')).toMatchObject({ added: 1_000 });
      // The other one is the line of the command log.
      expect(world.database.stats.units - units).toBe(2);
      const more = [...entries, { address: 'one@example.org' }];
      expect(await world.refused('suppressions.import', { entries: more }, 'acme')).toBe('invalid_input /entries');
      await world.run('suppressions.add', { address: 'last@example.org' }, 'acme');
      const all = await linesOf(world, {}, 'acme');
      expect([all.length, all.at(-1)]).toEqual([1_001, 'last@example.org']);
      const page = await world.run('suppressions.list', { limit: 400 }, 'acme');
      const next = await world.run('suppressions.list', { limit: 1_000, after: page['next'] }, 'acme');
      expect([page['items'], next['items'], next['next']]).toMatchObject([{ length: 400 }, { length: 601 }, null]);
    });
  });

  test("another tenant's list is as if it were not there", async () => {
    await using world = await open();
    await addTenants(world, 'acme', 'other');
    const address = 'bob@example.org';
    const { pk } = await world.run('suppressions.add', { address }, 'other');
    for (const operation of ['suppressions.get', 'suppressions.remove']) {
      for (const ref of [pk, address])
        expect(await world.refused(operation, { address: ref }, 'acme')).toBe('not_found');
    }
    expect(await world.run('suppressions.list', {}, 'acme')).toEqual({ items: [], next: null });
    expect(await linesOf(world, {}, 'acme')).toEqual([]);
    expect(await world.run('suppressions.check', { address }, 'acme')).toMatchObject({ suppressed: false });
    await world.run('suppressions.import', { entries: [{ address, reason: 'complaint' }] }, 'acme');
    expect(await world.run('suppressions.get', { address }, 'other')).toMatchObject({ pk, reason: 'manual' });
    expect(await world.refused('suppressions.get', { address })).toBe('ambiguous_id');
    expect(await world.run('suppressions.get', { address, tenant_id: 'other' })).toMatchObject({ pk });
  });

  test('of a tenant that does not exist there is no list, and a deleted tenant leaves none', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const entries = [{ address: 'bob@example.org' }];
    expect(await world.refused('suppressions.import', { entries, tenant_id: 'nobody' })).toBe('not_found');
    await world.run('suppressions.import', { entries, tenant_id: 'acme' });
    await world.run('tenants.delete', { tenant_id: 'acme' });
    expect(await linesOf(world, {})).toEqual([]);
    const log = world.database.prepare<object>((k) => k.deleteFrom('command_log'));
    await world.database.write([log.bind({})]);
    expect(await dump(world)).not.toContain('bob@example.org');
  });

  test('who writes to a list is told by the engine, and by nobody else', async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const told: string[] = [];
    using _listening = world.suppressions.onChange((tenantId) => told.push(tenantId));
    await world.run('suppressions.add', { address: 'a@example.org' }, 'acme');
    await world.run('suppressions.import', { entries: [{ address: 'b@example.org' }] }, 'acme');
    await world.run('suppressions.remove', { address: 'a@example.org' }, 'acme');
    await world.refused('suppressions.remove', { address: 'a@example.org' }, 'acme');
    expect(told).toEqual(['acme', 'acme', 'acme']);
  });

  test("a tenant's policy is set, shown and refused by its field", async () => {
    await using world = await open();
    await addTenants(world, 'acme');
    const suppression = { hard: 2, soft: null, within: 'P7D', hard_expiry: 90 };
    const of = { tenant_id: 'acme' };
    expect(await world.run('tenants.update-sending', { ...of, suppression }, 'acme')).toMatchObject({ suppression });
    expect(await world.run('tenants.update-sending', { ...of, suppression: null }, 'acme')).toMatchObject({
      suppression: null,
    });
    for (const [field, value] of [
      ['hard', 0],
      ['soft', 101],
      ['complaint', 'x'],
      ['within', null],
      ['soft_expiry', 'P1Y'],
    ]) {
      const refused = await world.refused('tenants.update-sending', { ...of, suppression: { [String(field)]: value } });
      expect([field, refused]).toEqual([field, `invalid_input /suppression/${field}`]);
    }
  });
}
