// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import { type Database, UniqueViolation } from '../../database/database.ts';
import { exactlyOne, type Prepared } from '../../database/statement.ts';
import { MailProxyError } from '../../errors.ts';
import type { Reach } from '../../operations/principal.ts';
import type { SealedPlace, Sealer } from '../../secrets/sealer.ts';
import { type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import { pickReferenced } from '../pick-referenced.ts';
import type { CoreSchema } from '../schema.ts';
import type { StoragesTable } from './storage.table.ts';

/** A storage as it may be shown. */
export type Storage = Omit<StoragesTable, 'config'> & { readonly has_config: boolean };

export type StorageConfig = Readonly<Record<string, unknown>>;

export interface NewStorage {
  readonly pk: string;
  readonly tenantId: string;
  /** Unique in the tenant. */
  readonly name: string;
  readonly protocol: string;
  readonly config: StorageConfig | null;
}

/** Named places of attachments. A row outside the reach is as if it did not exist. */
export interface StorageStore {
  /** @throws {MailProxyError} `not_found` when there is no such tenant, `duplicate_id` */
  create(storage: NewStorage, now: number): Promise<Storage>;
  /**
   * @param ref - the pk, which wins, or the name
   * @throws {MailProxyError} `not_found`, `ambiguous_id`
   */
  get(reach: Reach, ref: string): Promise<Storage>;
  /** In the order in which they were made. */
  list(reach: Reach, paging: Paging): Promise<Page<Storage>>;
  /** @throws {MailProxyError} `not_found`, `ambiguous_id` */
  delete(reach: Reach, ref: string): Promise<void>;
  /** Names of the tenant's storages. */
  names(tenantId: string): Promise<readonly string[]>;
  /** What is needed to fetch from it, secrets in clear. Null when the tenant has none of that name. */
  open(
    tenantId: string,
    name: string,
  ): Promise<{ readonly pk: string; readonly protocol: string; readonly config: StorageConfig | null } | null>;
}

export function createStorageStore(database: Database<CoreSchema>, sealer: Sealer): StorageStore {
  const statements = prepareStatements(database);

  const find = async (reach: Reach, ref: string): Promise<StoragesTable> => {
    const rows = await database.read(statements.find.bind({ ref, tenant_id: reach.tenantId }));
    return pickReferenced(rows, ref, 'several tenants have a storage of that name; give tenant_id');
  };

  return {
    async create({ pk, tenantId, name, protocol, config }, now) {
      const row: StoragesTable = {
        pk,
        tenant_id: tenantId,
        name,
        protocol,
        config: config === null ? null : sealer.seal(JSON.stringify(config), configPlace(pk)),
        created_at: now,
        updated_at: now,
      };
      try {
        await database.write([exactlyOne(statements.insert.bind(row), 'not_found')]);
      } catch (error) {
        if (!(error instanceof UniqueViolation)) throw error;
        throw new MailProxyError('duplicate_id', { detail: `the tenant has a storage ${name} already`, cause: error });
      }
      return storageOf(row);
    },

    async get(reach, ref) {
      return storageOf(await find(reach, ref));
    },

    async list(reach, paging) {
      const rows = await database.read(statements.list.bind({ tenant_id: reach.tenantId, ...pageInput(paging) }));
      return pageFrom(rows.map(storageOf), paging.limit, (storage) => storage.pk);
    },

    async delete(reach, ref) {
      const { pk } = await find(reach, ref);
      await database.write([exactlyOne(statements.remove.bind({ pk }), 'not_found')]);
    },

    async names(tenantId) {
      return (await database.read(statements.names.bind({ tenant_id: tenantId }))).map(({ name }) => name);
    },

    async open(tenantId, name) {
      const [row] = await database.read(statements.byName.bind({ tenant_id: tenantId, name }));
      if (row === undefined) return null;
      const { pk, protocol, config } = row;
      // Nothing else is ever sealed into this place.
      const opened = config === null ? null : (JSON.parse(sealer.open(config, configPlace(pk))) as StorageConfig);
      return { pk, protocol, config: opened };
    },
  };
}

function configPlace(pk: string): SealedPlace {
  return { table: 'storages', column: 'config', row: pk };
}

function storageOf({ config, ...row }: StoragesTable): Storage {
  return { ...row, has_config: config !== null };
}

interface Statements {
  readonly insert: Prepared<StoragesTable, unknown>;
  readonly find: Prepared<{ ref: string; tenant_id: string | null }, StoragesTable>;
  readonly byName: Prepared<Pick<StoragesTable, 'tenant_id' | 'name'>, StoragesTable>;
  readonly list: Prepared<{ tenant_id: string | null; after: string; rows: number }, StoragesTable>;
  readonly names: Prepared<{ tenant_id: string }, { name: string }>;
  readonly remove: Prepared<{ pk: string }, unknown>;
}

const COLUMNS = [
  'pk',
  'tenant_id',
  'name',
  'protocol',
  'config',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof StoragesTable)[];

function prepareStatements(database: Database<CoreSchema>): Statements {
  const within = (tenantId: string | null) =>
    sql<boolean>`(cast(${tenantId} as text) is null or tenant_id = cast(${tenantId} as text))`;
  return {
    // Selected from the tenant, so that a tenant that does not exist is a row that was not inserted.
    insert: database.prepare((k, p) =>
      k
        .insertInto('storages')
        .columns(COLUMNS)
        .expression((eb) =>
          eb
            .selectFrom('tenants')
            .select(COLUMNS.map((column) => eb.val(p[column]).as(column)))
            .where('tenants.id', '=', p.tenant_id),
        ),
    ),
    find: database.prepare((k, p) =>
      k
        .selectFrom('storages')
        .selectAll()
        .where((eb) => eb.or([eb('pk', '=', p.ref), eb('name', '=', p.ref)]))
        .where(within(p.tenant_id))
        .orderBy(sql`case when pk = cast(${p.ref} as text) then 0 else 1 end`)
        .limit(sql.lit(3)),
    ),
    byName: database.prepare((k, p) =>
      k.selectFrom('storages').selectAll().where('tenant_id', '=', p.tenant_id).where('name', '=', p.name),
    ),
    list: database.prepare((k, p) =>
      k
        .selectFrom('storages')
        .selectAll()
        .where(within(p.tenant_id))
        .where('pk', '>', p.after)
        .orderBy('pk')
        .limit(p.rows),
    ),
    names: database.prepare((k, p) => k.selectFrom('storages').select('name').where('tenant_id', '=', p.tenant_id)),
    remove: database.prepare((k, p) => k.deleteFrom('storages').where('pk', '=', p.pk)),
  };
}
