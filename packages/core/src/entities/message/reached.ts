// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';

/** A message by its primary key, as far as it is within the reach: of one tenant, or null for any. */
export interface Reached {
  readonly pk: string;
  readonly tenant: string | null;
}

/**
 * Binds rows that belong to a message, and carry no tenant themselves, to the message's tenant. Without a type PostgreSQL
 * could not tell what a null is.
 */
export function isReached(pk: string, tenant: string | null): RawBuilder<boolean> {
  return sql<boolean>`(cast(${tenant} as text) is null
    or exists (select 1 from ${sql.table('messages')} reached where reached.pk = ${pk} and reached.tenant_id = ${tenant}))`;
}
