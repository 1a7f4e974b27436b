// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** Which messages: all, those of a tenant, or those of one of its batches or accounts. */
export interface LeasedFilter {
  readonly tenantId: string | null;
  readonly batchCode: string | null;
  /** @defaultValue all of them */
  readonly accountPk?: string;
}

/**
 * Wait, for a second at most, until no other session holds a message that matches. They were told to give back what
 * they have not begun; what they have begun is not waited for any longer than that.
 */
export type UntilGivenBack = (filter: LeasedFilter, session: number) => Promise<void>;

const PATIENCE_MS = 1_000;
const LOOK_EVERY_MS = 20;

/** Resolves at once where there are no other sessions. */
export function prepareUntilGivenBack(db: Database<CoreSchema>, clock: Clock): UntilGivenBack {
  if (db.dialect.isExclusive) return async () => undefined;
  type Input = {
    session: number;
    tenant_id: string;
    any_tenant: number;
    batch_code: string;
    any_batch: number;
    account_pk: string;
    any_account: number;
  };
  const leased = db.prepare<Input, { pk: string }>((k, p) =>
    k
      .selectFrom('messages')
      .select('pk')
      .where('state', '=', sql.lit('leased'))
      .where('owner_session', '>', 0)
      .where('owner_session', '<>', p.session)
      .where(sql<boolean>`(cast(${p.any_tenant} as integer) = 1 or tenant_id = ${p.tenant_id})`)
      .where(sql<boolean>`(cast(${p.any_batch} as integer) = 1 or batch_code = ${p.batch_code})`)
      .where(sql<boolean>`(cast(${p.any_account} as integer) = 1 or account_pk = ${p.account_pk})`)
      .limit(1),
  );
  return async ({ tenantId, batchCode, accountPk }, session) => {
    const input = {
      session,
      tenant_id: tenantId ?? '',
      any_tenant: tenantId === null ? 1 : 0,
      batch_code: batchCode ?? '',
      any_batch: batchCode === null ? 1 : 0,
      account_pk: accountPk ?? '',
      any_account: accountPk === undefined ? 1 : 0,
    };
    const until = clock.monotonic() + PATIENCE_MS;
    while ((await db.read(leased.bind(input))).length > 0 && clock.monotonic() < until) {
      await clock.sleep(LOOK_EVERY_MS);
    }
  };
}
