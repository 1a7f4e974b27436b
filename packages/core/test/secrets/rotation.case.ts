// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, writeFileSync } from 'node:fs';
import {
  addKeyToFile,
  createKeyFile,
  type Database,
  keyIdOf,
  type MailEngine,
  newKey,
  readKeyFile,
  textOfKey,
} from '@mail-proxy/core';
import { startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { rawStatement } from '../../src/database/raw.ts';
import { CORE_SEALED_COLUMNS } from '../../src/entities/sealed-columns.ts';
import {
  openSecretsEngine,
  plantSecrets,
  putIntoVault,
  readVault,
  rotated,
  sealedColumnsIn,
  statusOf,
  type Vault,
} from './secrets-world.case.ts';

/** An empty database of the test's own. */
export type MakeDatabase = () => Promise<AsyncDisposable & { readonly url: string }>;

const names = (columns: readonly { readonly table: string; readonly column: string }[]): readonly string[] =>
  columns.map(({ table, column }) => `${table}.${column}`);

/** What `keys.status` answers, without what is stored in clear. */
async function sealedOf(engine: MailEngine) {
  const status = await statusOf(engine);
  return { ...status, columns: status.columns.filter(({ key }) => key !== null) };
}

/** Columns that are filled in when contents are sealed, and not before. */
const LATER = ['content_keys.naming_key'];

export function rotationCases(make: MakeDatabase): void {
  test('every column that holds secrets is sealed anew, and then everything opens without the old key', async () => {
    await using made = await make();
    using dir = tempDir();
    const keyFile = dir.file('key');
    const [old, next] = [newKey(), newKey()];
    await createKeyFile(keyFile, [old]);
    let vault: Vault | null = null;
    {
      await using engine = await openSecretsEngine({
        database: made.url,
        keyFile,
        onVault: (given) => (vault = given),
      });
      await engine.start();
      await plantSecrets(engine);
      await putIntoVault(vault!, 'v1', 'canary-vault');
      const before = await sealedOf(engine);
      expect(before.sealing).toBe(keyIdOf(old));
      // The counts are 0 nowhere: what is planted is all that there is, or this test forgets a column.
      const listed = [...names(CORE_SEALED_COLUMNS), 'vault_items.secret'].filter((name) => !LATER.includes(name));
      expect(before.columns.map(({ column }) => column).toSorted()).toEqual(listed.toSorted());
      expect(new Set(before.columns.map(({ key }) => key))).toEqual(new Set([keyIdOf(old)]));

      await addKeyToFile(keyFile, next, 'first');
      expect(await engine.execute('keys.rotate', {})).toMatchObject({ key: keyIdOf(next) });
      const { total, ...end } = await rotated(engine);
      expect(end).toMatchObject({ state: 'done', key: keyIdOf(next), unreadable: 0, error: null, done: total });
      expect(total).toBe(before.columns.reduce((sum, { values }) => sum + values, 0));
      const after = await sealedOf(engine);
      expect(after.columns).toEqual(before.columns.map((count) => ({ ...count, key: keyIdOf(next) })));
      // Once more: there is nothing to do, and nothing is done.
      await engine.execute('keys.rotate', {});
      expect(await rotated(engine)).toMatchObject({ state: 'done', total: 0, done: 0 });
    }
    writeFileSync(keyFile, `${textOfKey(next)}\n`, { mode: 0o600 });
    await using engine = await openSecretsEngine({ database: made.url, keyFile, onVault: (given) => (vault = given) });
    expect((await statusOf(engine)).keys).toEqual([{ id: keyIdOf(next), at_hand: true, values: expect.any(Number) }]);
    expect(await readVault(vault!, 'v1')).toBe('canary-vault');
    const { database, sealer }: Vault = vault!;
    // Tables that are known by name only.
    const anyTables = database as unknown as Database<unknown>;
    for (const { table, column, key } of CORE_SEALED_COLUMNS) {
      const row = sql.join(
        key.map((name) => sql`cast(${sql.ref(name)} as text)`),
        sql` || ':' || `,
      );
      const query = sql<{ row: string; value: string }>`
        select ${row} as row, ${sql.ref(column)} as value from ${sql.table(table)} where ${sql.ref(column)} is not null`;
      for (const stored of await anyTables.read(rawStatement(anyTables, query))) {
        expect(sealer.open(stored.value, { table, column, row: stored.row })).toMatch(/canary|PRIVATE KEY|whsec_/);
      }
    }
  });

  test('nothing sealed stands in a column that rotation does not know', async () => {
    await using made = await make();
    using dir = tempDir();
    {
      let vault: Vault | null = null;
      await using engine = await openSecretsEngine({
        database: made.url,
        keyFile: dir.file('key'),
        onVault: (given) => (vault = given),
      });
      await engine.start();
      await plantSecrets(engine);
      await putIntoVault(vault!, 'v1', 'canary-vault');
    }
    const known = [...names(CORE_SEALED_COLUMNS), 'vault_items.secret'];
    expect((await sealedColumnsIn(made.url)).filter((column) => !known.includes(column))).toEqual([]);
  });

  test('a start without the key of what is sealed is refused, says what to do, and changes nothing', async () => {
    await using made = await make();
    using dir = tempDir();
    const [keyFile, elsewhere] = [dir.file('key'), dir.file('other-key')];
    {
      await using engine = await openSecretsEngine({ database: made.url, keyFile });
      await plantSecrets(engine);
    }
    const [right] = (await readKeyFile(keyFile)) ?? [];
    await expect(openSecretsEngine({ database: made.url, keyFile: elsewhere })).rejects.toMatchObject({
      code: 'sealed_with_unknown_key',
      message: expect.stringMatching(/accounts\.password.*there is no key.*Put the key back.*Nothing was changed/s),
    });
    expect(existsSync(elsewhere)).toBe(false);
    await createKeyFile(elsewhere);
    await expect(openSecretsEngine({ database: made.url, keyFile: elsewhere })).rejects.toMatchObject({
      code: 'sealed_with_unknown_key',
      message: expect.stringContaining(`were sealed with the key ${keyIdOf(right!)}`),
    });
    await addKeyToFile(elsewhere, right!, 'last');
    await using engine = await openSecretsEngine({ database: made.url, keyFile: elsewhere });
    expect((await statusOf(engine)).keys).toHaveLength(2);
  });

  test('where nothing is sealed another key may take the place of the first', async () => {
    await using made = await make();
    using dir = tempDir();
    {
      await using _first = await openSecretsEngine({ database: made.url, keyFile: dir.file('one') });
    }
    await using second = await openSecretsEngine({ database: made.url, keyFile: dir.file('two') });
    expect((await statusOf(second)).columns).toEqual([]);
  });

  test('a key that is taken away too early goes on opening in the process that has it', async () => {
    await using made = await make();
    using dir = tempDir();
    const keyFile = dir.file('key');
    let vault: Vault | null = null;
    await using engine = await openSecretsEngine({ database: made.url, keyFile, onVault: (given) => (vault = given) });
    await engine.start();
    await putIntoVault(vault!, 'v1', 'canary-vault');
    const next = newKey();
    writeFileSync(keyFile, `${textOfKey(next)}\n`, { mode: 0o600 });
    await engine.execute('keys.rotate', {});
    expect(await rotated(engine)).toMatchObject({ state: 'done', key: keyIdOf(next), done: 1 });
    expect(await readVault(vault!, 'v1')).toBe('canary-vault');
  });

  test('an account whose password nobody has used sends on once its old key is gone', async () => {
    await using made = await make();
    using dir = tempDir();
    const keyFile = dir.file('key');
    const next = newKey();
    await using sink = await startSmtpSink({ users: { u: 'p' } });
    await using engine = await openSecretsEngine({ database: made.url, keyFile });
    await engine.start();
    await engine.execute('tenants.create', { id: 'acme' });
    const relay = { host: sink.host, port: sink.port, tls: 'none', user: 'u', password: 'p' };
    await engine.execute('accounts.create', { tenant_id: 'acme', id: 'main', ...relay });
    await addKeyToFile(keyFile, next, 'first');
    await engine.execute('keys.rotate', {});
    expect(await rotated(engine)).toMatchObject({ state: 'done', unreadable: 0 });
    writeFileSync(keyFile, `${textOfKey(next)}\n`, { mode: 0o600 });
    await engine.execute('keys.rotate', {});
    expect((await statusOf(engine)).keys.map(({ id }) => id)).toEqual([keyIdOf(next)]);
    const mail = { tenant_id: 'acme', from: 'a@example.net', to: 'b@example.org', subject: 's', text: 't' };
    await engine.execute('messages.create', mail);
    expect(await sink.waitFor(1)).toHaveLength(1);
  });

  test('what was altered stays as it is, is counted, and keeps its key on the list', async () => {
    await using made = await make();
    using dir = tempDir();
    const keyFile = dir.file('key');
    let vault: Vault | null = null;
    await using engine = await openSecretsEngine({ database: made.url, keyFile, onVault: (given) => (vault = given) });
    await engine.start();
    await putIntoVault(vault!, 'v1', 'one');
    await putIntoVault(vault!, 'v2', 'two');
    const { database }: Vault = vault!;
    // Tables that are known by name only.
    const anyTables = database as unknown as Database<unknown>;
    // Moved to another row.
    const move = sql`update vault_items set secret = (select secret from vault_items where pk = 'v2') where pk = 'v1'`;
    await database.write([rawStatement(anyTables, move)]);
    await expect(readVault(vault!, 'v1')).rejects.toMatchObject({ code: 'sealed_with_unknown_key' });
    const old = (await statusOf(engine)).sealing;
    await addKeyToFile(keyFile, newKey(), 'first');
    await engine.execute('keys.rotate', {});
    expect(await rotated(engine)).toMatchObject({ state: 'incomplete', total: 2, done: 1, unreadable: 1 });
    expect((await statusOf(engine)).keys.find(({ id }) => id === old)).toEqual({ id: old, at_hand: true, values: 1 });
    expect(await readVault(vault!, 'v2')).toBe('two');
  });
}
