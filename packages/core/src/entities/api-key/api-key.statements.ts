// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared } from '../../database/statement.ts';
import type { CoreSchema } from '../schema.ts';
import type { ApiKeysTable } from './api-key.table.ts';

/** Whose key it is; null for the operator's. */
interface Owned {
  readonly tenantId: string | null;
}

export interface NewKeyRow extends Pick<ApiKeysTable, 'id' | 'hash' | 'scopes' | 'label' | 'limits' | 'expires_at'> {
  readonly now: number;
}

type ChangedRow = Owned & Pick<ApiKeysTable, 'id' | 'version' | 'scopes' | 'label' | 'limits' | 'expires_at'>;

export interface ApiKeyStatements {
  /** Nothing where there is no such tenant. */
  readonly insert: Prepared<NewKeyRow & { readonly tenantId: string }, unknown>;
  readonly insertOfOperator: Prepared<NewKeyRow, unknown>;
  readonly find: Prepared<{ readonly id: string }, ApiKeysTable>;
  readonly list: Prepared<{ readonly tenantId: string; readonly after: string; readonly rows: number }, ApiKeysTable>;
  readonly listOfOperator: Prepared<{ readonly after: string; readonly rows: number }, ApiKeysTable>;
  /** Nothing where it was revoked, or changed since `version` was read. */
  readonly update: Prepared<ChangedRow, ApiKeysTable>;
  readonly revoke: Prepared<Owned & { readonly id: string; readonly now: number }, unknown>;
  readonly used: Prepared<{ readonly id: string; readonly at: number }, unknown>;
}

export function prepareApiKeyStatements(database: Database<CoreSchema>): ApiKeyStatements {
  return {
    // Selected from the tenant, so that a tenant that does not exist is a row that was not inserted.
    insert: database.prepare((k, p) =>
      k
        .insertInto('api_keys')
        .columns(['id', 'hash', 'tenant_id', 'scopes', 'label', 'created_at', 'limits', 'expires_at', 'version'])
        .expression((eb) =>
          eb
            .selectFrom('tenants')
            .select([
              eb.val(p.id).as('id'),
              eb.val(p.hash).as('hash'),
              'tenants.id as tenant_id',
              eb.val(p.scopes).as('scopes'),
              eb.val(p.label).as('label'),
              eb.val(p.now).as('created_at'),
              // Without a type PostgreSQL takes them for text.
              sql<string | null>`cast(${p.limits} as text)`.as('limits'),
              sql<number | null>`cast(${p.expires_at} as bigint)`.as('expires_at'),
              eb.lit(1).as('version'),
            ])
            .where('tenants.id', '=', p.tenantId),
        ),
    ),
    insertOfOperator: database.prepare((k, p) =>
      k.insertInto('api_keys').values({
        id: p.id,
        hash: p.hash,
        scopes: p.scopes,
        label: p.label,
        created_at: p.now,
        limits: p.limits,
        expires_at: p.expires_at,
        version: 1,
      }),
    ),
    find: database.prepare((k, p) => k.selectFrom('api_keys').selectAll().where('id', '=', p.id)),
    list: database.prepare((k, p) =>
      k
        .selectFrom('api_keys')
        .selectAll()
        .where('tenant_id', '=', p.tenantId)
        .where('id', '>', p.after)
        .orderBy('id')
        .limit(p.rows),
    ),
    listOfOperator: database.prepare((k, p) =>
      k
        .selectFrom('api_keys')
        .selectAll()
        .where('tenant_id', 'is', null)
        .where('id', '>', p.after)
        .orderBy('id')
        .limit(p.rows),
    ),
    update: database.prepare((k, p) =>
      k
        .updateTable('api_keys')
        .set((eb) => ({
          scopes: p.scopes,
          label: p.label,
          limits: p.limits,
          expires_at: p.expires_at,
          version: eb('version', '+', 1),
        }))
        .where('id', '=', p.id)
        .where('tenant_id', 'is not distinct from', p.tenantId)
        .where('version', '=', p.version)
        .where('revoked_at', 'is', null)
        .returningAll(),
    ),
    revoke: database.prepare((k, p) =>
      k
        .updateTable('api_keys')
        .set((eb) => ({ revoked_at: p.now, version: eb('version', '+', 1) }))
        .where('id', '=', p.id)
        .where('tenant_id', 'is not distinct from', p.tenantId)
        .where('revoked_at', 'is', null),
    ),
    used: database.prepare((k, p) =>
      k
        .updateTable('api_keys')
        .set({ last_used_at: p.at })
        .where('id', '=', p.id)
        .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', p.at)])),
    ),
  };
}
