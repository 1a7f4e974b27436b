// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Expression, type SqlBool, sql } from 'kysely';

/**
 * The fence: true while the session was not ended, by itself or by whoever found it dead. Part of every write that
 * an owner makes, so that an instance that slept through its lease changes nothing when it wakes.
 */
export function ifSessionLives(session: number | Expression<unknown>): Expression<SqlBool> {
  return sql<SqlBool>`exists (select 1 from ${sql.table('sessions')} where number = ${session} and ended_at is null)`;
}

/** Whether others must count with a session: it was not ended, and its heartbeat is not too old. */
export function hasHeartbeat(session: Expression<number>, aliveSince: number): Expression<SqlBool> {
  return sql<SqlBool>`exists (select 1 from ${sql.table('sessions')}
    where number = ${session} and ended_at is null and heartbeat_at >= ${aliveSince})`;
}
