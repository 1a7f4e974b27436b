// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { WaitingUsage } from '../entities/message/tenant-room.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** Count what waits of a tenant: in the index of waiting mail alone, which has the sizes. */
export function prepareWaitingUsage(db: Database<CoreSchema>): (tenantId: string) => Promise<WaitingUsage> {
  const usage = db.prepare<{ tenant_id: string }, WaitingUsage>((k, p) =>
    k
      .selectFrom('messages')
      .select((eb) => [
        eb.fn.countAll<number>().as('pending'),
        // A sum of bigint is numeric in PostgreSQL, which its driver gives as text.
        sql<number>`cast(coalesce(sum(size_bytes), 0) as bigint)`.as('bytes'),
      ])
      .where('account_pk', 'in', (eb) => eb.selectFrom('accounts').select('pk').where('tenant_id', '=', p.tenant_id))
      .where('state', '<>', sql.lit('final')),
  );
  return async (tenantId) => {
    const [row] = await db.read(usage.bind({ tenant_id: tenantId }));
    return row ?? { pending: 0, bytes: 0 };
  };
}

/** Count all that waits, in an index of that alone: mail that is over costs it nothing, however much is kept. */
export function prepareWaitingCount(db: Database<CoreSchema>): () => Promise<number> {
  const count = db.prepare<object, { readonly waiting: number }>((k) =>
    k
      .selectFrom('messages')
      .select((eb) => eb.fn.countAll<number>().as('waiting'))
      .where('state', '<>', sql.lit('final')),
  );
  return async () => (await db.read(count.bind({})))[0]?.waiting ?? 0;
}
