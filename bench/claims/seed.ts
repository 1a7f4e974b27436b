// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../packages/core/src/database/database.ts';
import type { CoreSchema } from '../../packages/core/src/entities/schema.ts';
import type { LaneKey } from '../../packages/core/src/queue/lanes.ts';

export const TENANT = 'bench';

/** As many accounts, each with a lane of its own. */
const LANES = 10;

/** A tenant and its accounts. */
export async function seedLanes(database: Database<CoreSchema>): Promise<readonly LaneKey[]> {
  await run(database, sql`insert into tenants (id, created_at, updated_at) values (${sql.lit(TENANT)}, 0, 0)`);
  const lanes = Array.from({ length: LANES }, (_, index) => ({ tenantId: TENANT, accountPk: `account-${index}` }));
  for (const { accountPk } of lanes) {
    await run(
      database,
      sql`insert into accounts (pk, tenant_id, id, host, port, tls, tls_insecure, is_default, max_connections,
          max_messages_per_connection, version, created_at, updated_at)
        values (${sql.lit(accountPk)}, ${sql.lit(TENANT)}, ${sql.lit(accountPk)}, 'relay.example.org', 25, 'none', 0, 0,
          10, 100, 1, 0, 0)`,
    );
  }
  return lanes;
}

/** Ready messages number `from` to `to`, spread over all lanes, in one statement and without what belongs to them. */
export async function seedReady(database: Database<CoreSchema>, from: number, to: number): Promise<void> {
  await run(
    database,
    sql`insert into messages (pk, tenant_id, id, account_pk, state, priority, eligible_at, rank, attempts, message_id,
        expires_at, units, created_at, updated_at)
      with recursive numbers (n) as (
        select cast(${sql.lit(from)} as integer) union all select n + 1 from numbers where n < ${sql.lit(to)}
      )
      select 'seed-' || cast(1000000000 + n as text), ${sql.lit(TENANT)}, 'seed-' || cast(1000000000 + n as text),
        'account-' || cast(n % ${sql.lit(LANES)} as text), 'ready', 2, n, n, 0, '<seed@example.com>', 4000000000000, 1, n, n
      from numbers`,
  );
}

/** Put back all that was claimed. */
export async function putBack(database: Database<CoreSchema>): Promise<void> {
  await run(database, sql`update messages set state = 'ready', owner_session = null where state = 'leased'`);
}

async function run(database: Database<CoreSchema>, statement: RawBuilder<unknown>): Promise<void> {
  await database.write([database.prepare<object>((k) => ({ compile: () => statement.compile(k) })).bind({})]);
}
