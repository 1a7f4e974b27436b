// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  createMailEngine,
  type Database,
  defineMixin,
  listSealedColumns,
  type MailEngine,
  type Mixin,
  type Sealed,
  type Sealer,
} from '@mail-proxy/core';
import { createTestCertificate, eventually } from '@mail-proxy/testkit';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { readCatalog, readTableNames } from '../../src/database/catalog.ts';
import { openDatabase } from '../../src/database/open.ts';
import { rawStatement } from '../../src/database/raw.ts';

export interface VaultTables {
  readonly vault_items: { readonly pk: string; readonly shelf: number; readonly secret: Sealed | null };
}

/** What the mixin was given, for tests that look into its table. */
export interface Vault {
  readonly sealer: Sealer;
  readonly database: Database<VaultTables>;
}

const place = (pk: string, shelf: number) => ({ table: 'vault_items', column: 'secret', row: `${pk}:${shelf}` });

/** A mixin with a secret in a table of its own, and a kind of storage that takes any configuration. */
export function vaultMixin(onVault: (vault: Vault) => void = () => undefined): Mixin {
  return defineMixin({
    id: 'vault',
    contract: 1,
    migrations: [
      {
        number: 1,
        name: 'items',
        minReader: 1,
        up: (schema, t) => [
          schema
            .createTable('vault_items')
            .addColumn('pk', t.key, (c) => c.notNull())
            .addColumn('shelf', t.integer, (c) => c.notNull())
            .addColumn('secret', t.text)
            .addPrimaryKeyConstraint('vault_items_pk', ['pk', 'shelf']),
        ],
      },
    ],
    sealedColumns: listSealedColumns<VaultTables>({ 'vault_items.secret': ['pk', 'shelf'] }),
    async setup({ database, sealer }) {
      onVault({ database: database.withTables<VaultTables>(), sealer });
      const refuse = () => Promise.reject(new Error('there is none'));
      return { storages: [{ protocol: 's3', check: () => [], open: refuse }] };
    },
  });
}

export async function putIntoVault({ database, sealer }: Vault, pk: string, secret: string): Promise<void> {
  const insert = database.prepare<VaultTables['vault_items']>((k, p) =>
    k.insertInto('vault_items').values({ pk: p.pk, shelf: p.shelf, secret: p.secret }),
  );
  await database.write([insert.bind({ pk, shelf: 7, secret: sealer.seal(secret, place(pk, 7)) })]);
}

export async function readVault({ database, sealer }: Vault, pk: string): Promise<string> {
  const select = database.prepare<{ pk: string }, VaultTables['vault_items']>((k, p) =>
    k.selectFrom('vault_items').selectAll().where('pk', '=', p.pk),
  );
  const [row] = await database.read(select.bind({ pk }));
  return sealer.open(row?.secret ?? '', place(pk, 7));
}

export interface SecretsSettings {
  readonly database: string;
  readonly keyFile: string;
  readonly instanceName?: string;
  readonly onVault?: (vault: Vault) => void;
}

export function openSecretsEngine({ database, keyFile, onVault, instanceName }: SecretsSettings): Promise<MailEngine> {
  return createMailEngine({
    config: {
      database,
      encryptionKeyFile: keyFile,
      delivery: { ehloName: 'client.test' },
      retry: { baseMs: 50, maxDelayMs: 500 },
      outgoing: { allowPrivateNetworks: true },
      ...(instanceName === undefined ? {} : { instanceName }),
    },
    mixins: [vaultMixin(onVault)],
  });
}

/** Put a secret into every column of core that holds any. */
export async function plantSecrets(engine: MailEngine): Promise<void> {
  const { cert, key } = createTestCertificate();
  const execute = (name: string, input: object): Promise<unknown> => engine.execute(name, input);
  await execute('tenants.create', {
    id: 'acme',
    client_base_url: 'http://127.0.0.1:1',
    client_auth: { method: 'bearer', token: 'canary-client-auth' },
  });
  const secret = `whsec_${Buffer.from('canary-signing-secret-of-acme').toString('base64')}`;
  await execute('tenants.rotate-signing-secret', { tenant_id: 'acme', secret });
  const relay = { tenant_id: 'acme', host: '127.0.0.1', port: 1, user: 'u' };
  await execute('accounts.create', { ...relay, id: 'plain', password: 'canary-password' });
  await execute('accounts.create', {
    ...relay,
    id: 'token',
    oauth: { access_token: 'canary-access-token' },
    tls_client_cert: cert,
    tls_client_key: key,
  });
  await execute('dkim-keys.create', { tenant_id: 'acme', domain: 'example.com', selector: 's1', generate: 'ed25519' });
  await execute('storages.create', {
    tenant_id: 'acme',
    name: 'files',
    protocol: 's3',
    config: { secret_key: 'canary-secret-key' },
  });
  await execute('messages.create', {
    tenant_id: 'acme',
    id: 'with-auth',
    account_id: 'plain',
    from: 'a@example.com',
    to: ['b@example.org'],
    subject: 's',
    text: 't',
    deferred_ts: 4_000_000_000,
    attachments: [
      {
        filename: 'f.txt',
        storage_path: 'http://127.0.0.1:1/f.txt',
        fetch_mode: 'http_url',
        auth: { method: 'bearer', token: 'canary-attachment' },
      },
    ],
  });
}

export interface Counted {
  readonly sealing: string;
  readonly keys: readonly { readonly id: string; readonly at_hand: boolean; readonly values: number }[];
  readonly columns: readonly { readonly column: string; readonly key: string | null; readonly values: number }[];
}

/** What `keys.status` answers. */
export async function statusOf(engine: MailEngine): Promise<Counted> {
  // By the output schema of the operation.
  return (await engine.execute('keys.status', {})) as Counted;
}

/** Wait for the end of the rotation that was started. */
export async function rotated(engine: MailEngine): Promise<Readonly<Record<string, unknown>>> {
  return await eventually(async () => {
    const progress = (await engine.execute('keys.rotation', {})) as Readonly<Record<string, unknown>>;
    return progress['state'] !== 'running' && progress;
  });
}

/** Every column that holds anything sealed, found by looking at all of them. */
export async function sealedColumnsIn(url: string): Promise<readonly string[]> {
  await using database = await openDatabase<unknown>(url);
  const catalog = await readCatalog(database, await readTableNames(database));
  const found: string[] = [];
  for (const { name: table, columns } of catalog.values()) {
    for (const { name, kind } of columns) {
      if (kind !== 'text') continue;
      const query = sql<{
        n: number;
      }>`select count(*) as n from ${sql.table(table)} where ${sql.ref(name)} like '%sealed:v1:%'`;
      const [row] = await database.read(rawStatement(database, query));
      if ((row?.n ?? 0) > 0) found.push(`${table}.${name}`);
    }
  }
  expect(found).not.toEqual([]);
  return found.toSorted();
}
