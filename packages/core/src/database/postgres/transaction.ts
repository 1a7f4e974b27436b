// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ClientBase } from 'pg';
import { MailProxyError } from '../../errors.ts';
import { UniqueViolation } from '../database.ts';
import type { Statement, StatementResult } from '../statement.ts';
import type { UnitOutcome } from '../write-queue.ts';
import { isStatementError, isUniqueViolation } from './sqlstate.ts';

/** A guard's statement touched another number of rows than one. */
class GuardFailed extends MailProxyError {}

/** Send all statements at once and wait for all results: one round trip. */
export async function runStatements(
  client: ClientBase,
  statements: readonly Statement[],
): Promise<readonly StatementResult[]> {
  const settled = await Promise.allSettled(
    statements.map(({ prepared, parameters }) =>
      client.query({ name: `s${prepared.id}`, text: prepared.sql, values: [...parameters] }),
    ),
  );
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.map((result, index) => {
    if (result.status === 'rejected') throw result.reason;
    const { rowCount, rows } = result.value;
    const guard = statements[index]?.guard;
    if (guard !== undefined && rowCount !== 1) throw new GuardFailed(guard);
    return { changes: rowCount ?? 0, rows };
  });
}

/**
 * Run units in one transaction. It is tried without savepoints first, since nearly always all succeed; when one
 * does not, all is undone and run again with a savepoint around each.
 *
 * @throws what the server said when the transaction could not be committed
 */
export async function runGroup(
  client: ClientBase,
  units: readonly (readonly Statement[])[],
): Promise<readonly UnitOutcome[]> {
  const begun = client.query('begin');
  try {
    const results = await Promise.all([begun, runStatements(client, units.flat())]);
    await client.query('commit');
    return split(units, results[1]);
  } catch (error) {
    await client.query('rollback');
    if (!isUnitFailure(error)) throw error;
    return runOneByOne(client, units);
  }
}

async function runOneByOne(
  client: ClientBase,
  units: readonly (readonly Statement[])[],
): Promise<readonly UnitOutcome[]> {
  await client.query('begin');
  try {
    const outcomes: UnitOutcome[] = [];
    for (const unit of units) {
      const saved = client.query('savepoint unit');
      try {
        const [, ok] = await Promise.all([saved, runStatements(client, unit)]);
        outcomes.push({ ok });
      } catch (error) {
        if (!isUnitFailure(error)) throw error;
        await client.query('rollback to savepoint unit');
        outcomes.push({ error: isUniqueViolation(error) ? new UniqueViolation(error.message) : asError(error) });
      }
    }
    await client.query('commit');
    return outcomes;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** Whether only the unit is at fault, so that the others of its group may go on. */
function isUnitFailure(error: unknown): boolean {
  return error instanceof GuardFailed || isStatementError(error);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function split(units: readonly (readonly Statement[])[], results: readonly StatementResult[]): readonly UnitOutcome[] {
  let next = 0;
  return units.map((unit) => {
    const ok = results.slice(next, next + unit.length);
    next += unit.length;
    return { ok };
  });
}
