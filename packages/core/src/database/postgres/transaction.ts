// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { CommitInDoubt } from '../database.ts';
import type { Statement, StatementResult } from '../statement.ts';
import type { UnitOutcome } from '../write-queue.ts';
import { type Connection, GuardFailed } from './connection.ts';
import { databaseError, unavailable } from './errors.ts';
import { fateOf } from './sqlstate.ts';

/** Long enough for another instance to commit. */
const SHORT_LOCK_MS = 50;

/**
 * A prepared statement keeps the plan it got when the tables were small: a join by hashing all that is ready, say, which
 * was measured to make a claim 70 times as slow at 100,000 ready messages, until the next ANALYZE. All that is written is
 * found by an index, whatever the statistics say.
 */
const PLANNING =
  'set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_seqscan = off; set local jit = off';

type Units = readonly (readonly Statement[])[];

/** How long the server lets a transaction wait and run; it undoes one whose client is gone. */
export interface Patience {
  /** Milliseconds a statement may take; 0 for as long as it needs. */
  readonly statementMs: number;
  /** Milliseconds a statement may wait for a lock; 0 for as long as it needs. */
  readonly lockMs: number;
  /** Milliseconds the server waits for the next statement. */
  readonly idleMs: number;
}

/**
 * Run units in one transaction. It is tried without savepoints first, since nearly always all succeed; when one
 * does not, all is undone and run again with a savepoint around each.
 *
 * @returns what became of each unit, which is {@link CommitInDoubt} for all where the answer to the commit is missing
 * @throws what the server or the connection said when nothing was kept
 */
export async function runGroup(
  connection: Connection,
  units: Units,
  patience: Patience,
): Promise<readonly UnitOutcome[]> {
  try {
    return await inTransaction(connection, patience, async () => split(units, await connection.run(units.flat())));
  } catch (error) {
    if (!isUnitFailure(error)) throw error;
    const rest = fateOf(error) === 'busy' ? withoutWaiting(patience) : patience;
    return inTransaction(connection, rest, () => runOneByOne(connection, units));
  }
}

/**
 * For what comes after somebody was found to keep rows locked: the units of many messages may meet those rows, and must
 * not wait for them one after the other.
 */
export function withoutWaiting(patience: Patience): Patience {
  return { ...patience, lockMs: Math.min(SHORT_LOCK_MS, patience.lockMs) };
}

/** Whether a unit failed because something took too long. */
export function wasBusy(outcome: UnitOutcome): boolean {
  return 'error' in outcome && fateOf(outcome.error.cause) === 'busy';
}

/** Whether only the unit is at fault, so that the others of its group may go on. */
export function isUnitFailure(error: unknown): boolean {
  return error instanceof GuardFailed || ['unit', 'busy'].includes(fateOf(error));
}

async function inTransaction(
  connection: Connection,
  { statementMs, lockMs, idleMs }: Patience,
  work: () => Promise<readonly UnitOutcome[]>,
): Promise<readonly UnitOutcome[]> {
  // Waited for: behind a begin that failed, statements would each commit by themselves. The settings end with the
  // transaction, so that a connection which others use, or a proxy hands around, is not changed. A statement sees what
  // was committed before it, whatever the database's default is: what waited for a lock relies on that.
  await connection.command(
    `begin isolation level read committed; set local statement_timeout = ${statementMs}; set local lock_timeout = ${lockMs}; ` +
      `set local idle_in_transaction_session_timeout = ${idleMs}; ${PLANNING}`,
  );
  let outcomes: readonly UnitOutcome[];
  try {
    outcomes = await work();
  } catch (error) {
    await rollback(connection);
    throw error;
  }
  try {
    await connection.command('commit');
    return outcomes;
  } catch (error) {
    // A server that goes on has refused the commit. Of one that does not nobody knows.
    if (await rollback(connection)) throw error;
    const cause = unavailable('the connection broke during a commit', error);
    return outcomes.map((outcome) => ('ok' in outcome ? { error: new CommitInDoubt(outcome.ok, cause) } : outcome));
  }
}

/** @returns false where the connection is broken, so that the server does it by itself */
async function rollback(connection: Connection): Promise<boolean> {
  try {
    await connection.command('rollback');
    return true;
  } catch {
    return false;
  }
}

async function runOneByOne(connection: Connection, units: Units): Promise<readonly UnitOutcome[]> {
  const outcomes: UnitOutcome[] = [];
  for (const [index, unit] of units.entries()) {
    await connection.command(index === 0 ? 'savepoint unit' : 'release savepoint unit; savepoint unit');
    try {
      outcomes.push({ ok: await connection.run(unit) });
    } catch (error) {
      if (!isUnitFailure(error)) throw error;
      const next = fateOf(error) === 'busy' ? `; set local lock_timeout = ${SHORT_LOCK_MS}` : '';
      await connection.command(`rollback to savepoint unit${next}`);
      outcomes.push({ error: databaseError(error) });
    }
  }
  return outcomes;
}

function split(units: Units, results: readonly StatementResult[]): readonly UnitOutcome[] {
  let next = 0;
  return units.map((unit) => {
    const ok = results.slice(next, next + unit.length);
    next += unit.length;
    return { ok };
  });
}
