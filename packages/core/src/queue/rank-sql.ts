// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Expression, type RawBuilder, sql } from 'kysely';
import { IMMEDIATE_OFFSET } from './rank.ts';

/** The same as `rankOf`, in an update of `messages`: the place of a message that becomes eligible at `eligibleAt`. */
export function rankSql(eligibleAt: Expression<number>, stepMs: number): RawBuilder<number> {
  return sql<number>`case when priority = 0 then ${eligibleAt} + ${sql.lit(IMMEDIATE_OFFSET)} else ${eligibleAt} + priority * ${sql.lit(stepMs)} end`;
}
