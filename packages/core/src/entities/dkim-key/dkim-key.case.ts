// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { execute } from '../../operations/execute.ts';
import type { Operation } from '../../operations/operation.ts';
import { type Principal, tenantPrincipal } from '../../operations/principal.ts';
import { addTenants, dump, type OpenWorld, START, type World } from '../world.case.ts';
import { type DkimKeyServices, dkimKeyOperations } from './dkim-key.operations.ts';
import { createDkimKeyStore, type DkimKeyStore } from './dkim-key.store.ts';

const ED25519 = generateKeyPairSync('ed25519').privateKey;
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const KEY = { domain: 'acme.example', selector: 'mail', private_key: pem(ED25519) };

interface KeyWorld extends AsyncDisposable {
  readonly world: World;
  readonly dkimKeys: DkimKeyStore;
  run(operation: string, input: object, tenantId?: string): Promise<Readonly<Record<string, unknown>>>;
  refused(operation: string, input: object, tenantId?: string): Promise<string>;
  /** `domain selector` of each key that signs. */
  signers(tenantId: string, accountPk: string, domain: string): Promise<readonly string[]>;
}

async function openKeys(open: OpenWorld): Promise<KeyWorld> {
  const world = await open();
  const { database, sealer, accounts, makePk, time, commandLog } = world;
  const dkimKeys = createDkimKeyStore(database, sealer, time.clock);
  const services: DkimKeyServices = { dkimKeys, accounts, clock: time.clock, makePk };
  const run: KeyWorld['run'] = async (name, input, tenantId) => {
    // All of them use the same services.
    const operation = dkimKeyOperations.find((one) => one.name === name) as unknown as Operation<DkimKeyServices>;
    const principal: Principal =
      tenantId === undefined ? { kind: 'admin', name: 'operator' } : tenantPrincipal(tenantId, 'key');
    const output: unknown = await execute(operation, input, {
      services,
      caller: { principal, origin: 'test' },
      audit: (entry) => commandLog.append([{ ...entry, pk: makePk(), at: time.clock.now() }]),
    });
    // An object or null by all the output schemas.
    return output as Readonly<Record<string, unknown>>;
  };
  return {
    world,
    dkimKeys,
    run,
    async refused(name, input, tenantId) {
      const error: unknown = await run(name, input, tenantId).catch((thrown: unknown) => thrown);
      if (!(error instanceof Error) || !('code' in error)) throw error;
      const problems = 'problems' in error ? (error.problems as readonly { pointer: string }[]) : [];
      return [error.code, ...problems.map((problem) => problem.pointer)].join(' ');
    },
    async signers(tenantId, accountPk, domain) {
      const keys = await dkimKeys.signingKeys(tenantId, accountPk, domain);
      return keys.map((key) => `${key.domain} ${key.selector}`);
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

async function addAccount({ world }: KeyWorld, tenantId: string, id: string): Promise<string> {
  const account = await world.run('accounts.create', { id, host: 'relay.example', port: 25 }, tenantId);
  return String(account['pk']);
}

async function storedKeys({ world }: KeyWorld): Promise<string> {
  const rows = world.database.prepare<object>((k) => k.selectFrom('dkim_keys').selectAll());
  return JSON.stringify(await world.database.read(rows.bind({})));
}

export function dkimKeyCases(open: OpenWorld): void {
  test('a private key is sealed, never shown, and signs', async () => {
    await using keys = await openKeys(open);
    await addTenants(keys.world, 'acme');
    const created = await keys.run('dkim-keys.create', KEY, 'acme');
    const published = createPublicKey(ED25519).export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
    expect(created).toEqual({
      pk: expect.any(String),
      tenant_id: 'acme',
      account_id: null,
      domain: 'acme.example',
      selector: 'mail',
      algorithm: 'ed25519-sha256',
      dns_name: 'mail._domainkey.acme.example',
      dns_value: `v=DKIM1; k=ed25519; p=${published}`,
      created_at: '2026-01-01T00:00:00.000Z',
    });
    // In its own table, in the command log, or anywhere else.
    expect((await storedKeys(keys)) + (await dump(keys.world))).not.toMatch(/BEGIN|MC4CAQ/);
    expect(await keys.run('dkim-keys.get', { dkim_key_id: created['pk'] }, 'acme')).toEqual(created);
    expect(await keys.run('dkim-keys.list', {}, 'acme')).toEqual({ items: [created], next: null });
    const [key] = await keys.dkimKeys.signingKeys('acme', 'any', 'acme.example');
    expect(key).toMatchObject({ domain: 'acme.example', selector: 'mail', algorithm: 'ed25519-sha256' });
    expect(key?.privateKey.equals(ED25519)).toBe(true);
  });

  test.each(['rsa', 'ed25519'] as const)('a %s key is made on demand', async (generate) => {
    await using keys = await openKeys(open);
    await addTenants(keys.world, 'acme');
    const created = await keys.run('dkim-keys.create', { domain: 'Bücher.example', selector: 'S1', generate }, 'acme');
    expect(created).toMatchObject({
      domain: 'xn--bcher-kva.example',
      algorithm: `${generate}-sha256`,
      dns_name: 's1._domainkey.xn--bcher-kva.example',
      dns_value: expect.stringMatching(`^v=DKIM1; k=${generate}; p=[A-Za-z0-9+/]+={0,2}$`),
    });
    expect(await keys.signers('acme', 'any', 'xn--bcher-kva.example')).toEqual(['xn--bcher-kva.example s1']);
  });

  test('the closest domain signs, with the keys of the account and those for all', async () => {
    await using keys = await openKeys(open);
    await addTenants(keys.world, 'acme', 'other');
    const [one, two] = [await addAccount(keys, 'acme', 'one'), await addAccount(keys, 'acme', 'two')];
    await keys.run('dkim-keys.create', KEY, 'acme');
    await keys.run('dkim-keys.create', { ...KEY, selector: 'one', account_id: 'one' }, 'acme');
    await keys.run('dkim-keys.create', { ...KEY, domain: 'news.acme.example', account_id: two }, 'acme');
    expect(await keys.signers('acme', one, 'acme.example')).toEqual(['acme.example mail', 'acme.example one']);
    expect(await keys.signers('acme', two, 'ACME.example')).toEqual(['acme.example mail']);
    expect(await keys.signers('acme', two, 'eu.news.acme.example')).toEqual(['news.acme.example mail']);
    expect(await keys.signers('acme', one, 'eu.news.acme.example')).toEqual(['acme.example mail', 'acme.example one']);
    for (const domain of ['notacme.example', 'example', 'acme.example.net', 'a.b.c.d.e.f.g.h.i.j.test']) {
      expect(await keys.signers('acme', one, domain)).toEqual([]);
    }
    expect(await keys.signers('other', one, 'acme.example')).toEqual([]);
  });

  test('the newest keys sign where there are too many', async () => {
    await using keys = await openKeys(open);
    await addTenants(keys.world, 'acme');
    for (const selector of ['a', 'b', 'c', 'd', 'e']) {
      await keys.run('dkim-keys.create', { ...KEY, selector }, 'acme');
    }
    expect(await keys.signers('acme', 'any', 'acme.example')).toEqual(
      ['b', 'c', 'd', 'e'].map((selector) => `acme.example ${selector}`),
    );
  });

  test('a key that is added or deleted counts at once here, and within a second elsewhere', async () => {
    await using keys = await openKeys(open);
    const { world } = keys;
    await addTenants(world, 'acme');
    const elsewhere = createDkimKeyStore(world.database, world.sealer, world.time.clock);
    const there = async () => (await elsewhere.signingKeys('acme', 'any', 'acme.example')).length;
    expect(await keys.signers('acme', 'any', 'acme.example')).toEqual([]);
    expect(await there()).toBe(0);
    const { pk } = await keys.run('dkim-keys.create', KEY, 'acme');
    expect(await keys.signers('acme', 'any', 'acme.example')).toEqual(['acme.example mail']);
    expect(await there()).toBe(0);
    world.time.advance(1_000);
    expect(await there()).toBe(1);
    expect(await keys.run('dkim-keys.delete', { dkim_key_id: pk }, 'acme')).toBeNull();
    expect(await keys.signers('acme', 'any', 'acme.example')).toEqual([]);
    expect(await keys.refused('dkim-keys.delete', { dkim_key_id: pk }, 'acme')).toBe('not_found');
    expect(await keys.run('dkim-keys.list', {}, 'acme')).toEqual({ items: [], next: null });
  });

  test('a key of another tenant is as if there were none', async () => {
    await using keys = await openKeys(open);
    await addTenants(keys.world, 'acme', 'other');
    const { pk } = await keys.run('dkim-keys.create', KEY, 'other');
    for (const operation of ['dkim-keys.get', 'dkim-keys.delete']) {
      expect(await keys.refused(operation, { dkim_key_id: pk }, 'acme')).toBe('not_found');
    }
    expect(await keys.refused('dkim-keys.create', { ...KEY, tenant_id: 'other' }, 'acme')).toBe('not_found');
    expect(await keys.run('dkim-keys.list', {}, 'acme')).toEqual({ items: [], next: null });
    expect(await keys.run('dkim-keys.get', { dkim_key_id: pk })).toMatchObject({ tenant_id: 'other' });
  });

  test('a selector is unique in its domain and tenant', async () => {
    await using keys = await openKeys(open);
    await addTenants(keys.world, 'acme', 'other');
    await keys.run('dkim-keys.create', KEY, 'acme');
    expect(await keys.refused('dkim-keys.create', { ...KEY, domain: 'ACME.example' }, 'acme')).toBe('duplicate_id');
    await keys.run('dkim-keys.create', { ...KEY, domain: 'www.acme.example' }, 'acme');
    await keys.run('dkim-keys.create', KEY, 'other');
  });

  test('an account takes its keys with it', async () => {
    await using keys = await openKeys(open);
    await addTenants(keys.world, 'acme');
    const pk = await addAccount(keys, 'acme', 'one');
    const created = await keys.run('dkim-keys.create', { ...KEY, account_id: pk }, 'acme');
    expect(created).toMatchObject({ account_id: 'one' });
    expect(await keys.run('dkim-keys.get', { dkim_key_id: created['pk'] })).toEqual(created);
    await keys.world.run('accounts.delete', { account_id: 'one' }, 'acme');
    expect(await keys.run('dkim-keys.list', {}, 'acme')).toEqual({ items: [], next: null });
  });

  test('an account or tenant that does not exist is refused', async () => {
    await using keys = await openKeys(open);
    await addTenants(keys.world, 'acme', 'other');
    await addAccount(keys, 'other', 'theirs');
    expect(await keys.refused('dkim-keys.create', { ...KEY, account_id: 'theirs' }, 'acme')).toBe(
      'unknown_account /account_id',
    );
    expect(await keys.refused('dkim-keys.create', { ...KEY, tenant_id: 'nobody' })).toBe('not_found');
  });

  test('a field that is wrong is named', async () => {
    await using keys = await openKeys(open);
    await keys.world.tenants.ensureDefaultTenant(START);
    const { private_key: _, ...withoutKey } = KEY;
    const small = generateKeyPairSync('rsa', { modulusLength: 768 }).privateKey;
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const wrong: readonly (readonly [pointer: string, input: object])[] = [
      ['/domain', { ...KEY, domain: '' }],
      ['/domain', { ...KEY, domain: 'a b.example' }],
      ['/domain', { ...KEY, domain: '[192.0.2.1]' }],
      ['/domain', { ...KEY, domain: 'acme.example\r\n' }],
      ['/selector', { ...KEY, selector: '' }],
      ['/selector', { ...KEY, selector: 'a;b' }],
      ['/selector', { ...KEY, selector: 'mail\n' }],
      ['/selector', { ...KEY, selector: 'a..b' }],
      ['/private_key', { ...KEY, private_key: 'secret' }],
      ['/private_key', { ...KEY, private_key: pem(small) }],
      ['/private_key', { ...KEY, private_key: pem(curve) }],
      ['/private_key', withoutKey],
      ['/generate', { ...KEY, generate: 'rsa' }],
      ['/generate', { ...withoutKey, generate: 'dsa' }],
    ];
    for (const [pointer, input] of wrong) {
      expect(await keys.refused('dkim-keys.create', input), JSON.stringify(input)).toBe(`invalid_input ${pointer}`);
    }
    expect(await keys.run('dkim-keys.list', {})).toEqual({ items: [], next: null });
  });
}
