// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Database, UniqueViolation } from '../../database/database.ts';
import { exactlyOne, type Statement } from '../../database/statement.ts';
import { MailProxyError } from '../../errors.ts';
import type { Reach } from '../../operations/principal.ts';
import type { SealedPlace, Sealer } from '../../secrets/sealer.ts';
import { type Dependants, deleteUnused } from '../delete-unused.ts';
import { type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import type { CoreSchema } from '../schema.ts';
import type { ClientAuth } from './client-auth.ts';
import { DEFAULT_TENANT } from './default-tenant.ts';
import { prepareTenantStatements } from './tenant.statements.ts';
import type { TenantsTable } from './tenant.table.ts';

/** A tenant as it may be shown: of its credentials the method only. */
export type Tenant = Omit<TenantsTable, 'client_auth'> & {
  readonly client_auth: { readonly method: ClientAuth['method'] } | null;
};

/** What may be set; absent keeps, null clears. */
export interface TenantSettings {
  readonly name?: string | null | undefined;
  readonly client_base_url?: string | null | undefined;
  readonly client_sync_path?: string | null | undefined;
  readonly client_attachment_path?: string | null | undefined;
  readonly client_auth?: ClientAuth | null | undefined;
}

/** Where a tenant is told what became of its messages, and how to authenticate there. */
export interface ReportTarget {
  readonly baseUrl: string;
  readonly syncPath: string;
  readonly auth: Exclude<ClientAuth, { readonly method: 'none' }> | null;
}

/** Tenants, and the rows that each has from its first moment. */
export interface TenantStore {
  /**
   * Add a tenant, its report cursor and what else belongs to the same unit.
   *
   * @throws {MailProxyError} `duplicate_id`
   */
  create(tenant: TenantSettings & { readonly id: string }, now: number, also?: readonly Statement[]): Promise<Tenant>;
  /** Add the tenant {@link DEFAULT_TENANT} without a key, unless it is there. */
  ensureDefaultTenant(now: number): Promise<void>;
  /** @throws {MailProxyError} `not_found` */
  get(reach: Reach, id: string): Promise<Tenant>;
  /** By id. */
  list(reach: Reach, paging: Paging): Promise<Page<Tenant>>;
  /** @throws {MailProxyError} `not_found` */
  update(reach: Reach, id: string, settings: TenantSettings, now: number): Promise<Tenant>;
  /**
   * Delete a tenant that has no account and no message, with its keys and storages.
   *
   * @throws {MailProxyError} `not_found`, `in_use`
   */
  delete(reach: Reach, id: string): Promise<void>;
  /** Where to report to; null for a tenant that is not told, or that is gone. Holds secrets in clear. */
  reportTarget(id: string): Promise<ReportTarget | null>;
  /** Ids of all tenants. */
  listReportTargets(): Promise<readonly string[]>;
}

/** Path of the original's endpoint. */
export const DEFAULT_SYNC_PATH = '/mail-proxy/sync';

export function createTenantStore(database: Database<CoreSchema>, sealer: Sealer): TenantStore {
  const statements = prepareTenantStatements(database);

  const sealAuth = (id: string, auth: ClientAuth | null): string | null =>
    auth === null ? null : sealer.seal(JSON.stringify(auth), authPlace(id));
  const openAuth = (row: TenantsTable): ClientAuth | null =>
    // Nothing else is ever sealed into this place.
    row.client_auth === null ? null : (JSON.parse(sealer.open(row.client_auth, authPlace(row.id))) as ClientAuth);
  const shown = (row: TenantsTable): Tenant => {
    const auth = openAuth(row);
    return { ...row, client_auth: auth === null ? null : { method: auth.method } };
  };

  const find = async (id: string): Promise<TenantsTable> => {
    const [row] = await database.read(statements.find.bind({ id }));
    if (row === undefined) throw new MailProxyError('not_found');
    return row;
  };

  return {
    async create({ id, ...settings }, now, also = []) {
      const row: TenantsTable = {
        id,
        name: settings.name ?? null,
        client_base_url: settings.client_base_url ?? null,
        client_sync_path: settings.client_sync_path ?? null,
        client_attachment_path: settings.client_attachment_path ?? null,
        client_auth: sealAuth(id, settings.client_auth ?? null),
        created_at: now,
        updated_at: now,
      };
      try {
        await database.write([statements.insert.bind(row), statements.insertCursor.bind({ id }), ...also]);
      } catch (error) {
        if (!(error instanceof UniqueViolation)) throw error;
        throw new MailProxyError('duplicate_id', { detail: `there is a tenant ${id} already`, cause: error });
      }
      return shown(row);
    },

    async ensureDefaultTenant(now) {
      const id = DEFAULT_TENANT;
      await database.write([statements.insertBare.bind({ id, now }), statements.insertCursor.bind({ id })]);
    },

    async get(reach, id) {
      demandReach(reach, id);
      return shown(await find(id));
    },

    async list(reach, paging) {
      const rows =
        reach.tenantId === null
          ? await database.read(statements.list.bind(pageInput(paging)))
          : await database.read(statements.find.bind({ id: reach.tenantId }));
      return pageFrom(rows.map(shown), paging.limit, (tenant) => tenant.id);
    },

    async update(reach, id, settings, now) {
      demandReach(reach, id);
      const auth = settings.client_auth === undefined ? undefined : sealAuth(id, settings.client_auth);
      const [{ rows }] = await database.write([
        exactlyOne(
          statements.update.bind({
            id,
            now,
            ...change('name', settings.name),
            ...change('client_base_url', settings.client_base_url),
            ...change('client_sync_path', settings.client_sync_path),
            ...change('client_attachment_path', settings.client_attachment_path),
            ...change('client_auth', auth),
          }),
          'not_found',
        ),
      ]);
      return shown(rows[0] ?? (await find(id)));
    },

    async delete(reach, id) {
      demandReach(reach, id);
      await deleteUnused(database, {
        remove: statements.remove.bind({ id }),
        dependants: statements.dependants.bind({ id }),
        detail: inUse,
      });
    },

    async reportTarget(id) {
      const [row] = await database.read(statements.find.bind({ id }));
      if (row === undefined || row.client_base_url === null) return null;
      const auth = openAuth(row);
      return {
        baseUrl: row.client_base_url,
        syncPath: row.client_sync_path ?? DEFAULT_SYNC_PATH,
        auth: auth === null || auth.method === 'none' ? null : auth,
      };
    },

    async listReportTargets() {
      return (await database.read(statements.ids.bind({}))).map((row) => row.id);
    },
  };
}

function authPlace(id: string): SealedPlace {
  return { table: 'tenants', column: 'client_auth', row: id };
}

function demandReach(reach: Reach, id: string): void {
  if (reach.tenantId !== null && reach.tenantId !== id) throw new MailProxyError('not_found');
}

function inUse({ accounts = 0, waiting_messages = 0 }: Dependants): string {
  return `the tenant has ${accounts} accounts and ${waiting_messages} messages that wait; delete its accounts first`;
}

/** The two parameters of one column of an update. */
function change<Name extends string>(
  name: Name,
  value: string | null | undefined,
): Record<Name, string | null> & Record<`set_${Name}`, number> {
  // Computed keys widen to string.
  return { [name]: value ?? null, [`set_${name}`]: value === undefined ? 0 : 1 } as Record<Name, string | null> &
    Record<`set_${Name}`, number>;
}
