// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PostgresClient } from '../../config/postgres-pool.ts';
import { UniqueViolation, type UnitWriter } from '../database.ts';
import type { Statement, StatementResult, UnitResult } from '../statement.ts';
import { checkGuard, queryOf } from './connection.ts';
import { isUniqueViolation } from './sqlstate.ts';

const NO_TRANSACTION = '25P01';

/**
 * Let `work` write within the transaction that somebody else began on `client`. Each unit has its savepoint, and all of
 * them one: when `work` throws, nothing of it is left in the transaction, which goes on as it was.
 *
 * @throws {TypeError} there is no transaction
 * @throws what the server said, as it came: who began the transaction knows what to do about it
 */
export async function joinTransaction<T>(client: PostgresClient, work: (writer: UnitWriter) => Promise<T>): Promise<T> {
  try {
    await client.query({ text: 'savepoint gmp_work' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === NO_TRANSACTION)) throw error;
    throw new TypeError('transaction: no transaction was begun on this client', { cause: error });
  }
  const units = new UnitsInTurn(client);
  try {
    const result = await work(units);
    await client.query({ text: 'release savepoint gmp_work' });
    return result;
  } catch (error) {
    await units.close();
    await client.query({ text: 'rollback to savepoint gmp_work; release savepoint gmp_work' });
    throw error;
  }
}

/** Units that are written at the same time run one after the other: there is one connection. */
class UnitsInTurn implements UnitWriter {
  readonly #client: PostgresClient;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(client: PostgresClient) {
    this.#client = client;
  }

  write<const S extends readonly Statement[]>(unit: S): Promise<UnitResult<S>> {
    const written = this.#last.then(() => this.#run(unit));
    this.#last = written.catch(() => undefined);
    // One result a statement, in order; each row type is the statement's by construction.
    return written as unknown as Promise<UnitResult<S>>;
  }

  /** Nothing more is begun; resolves when what was begun has ended. */
  close(): Promise<unknown> {
    this.#isClosed = true;
    return this.#last;
  }

  async #run(unit: readonly Statement[]): Promise<readonly StatementResult[]> {
    if (this.#isClosed) throw new Error('the work of this unit was undone');
    await this.#client.query({ text: 'savepoint gmp_unit' });
    try {
      const results: StatementResult[] = [];
      for (const statement of unit) {
        // Without its name, so that nothing is left behind on a connection that is not ours.
        const { name: _, ...query } = queryOf(statement);
        const { rowCount, rows } = await this.#client.query(query);
        results.push(checkGuard(statement, { changes: rowCount ?? 0, rows }));
      }
      await this.#client.query({ text: 'release savepoint gmp_unit' });
      return results;
    } catch (error) {
      await this.#client.query({ text: 'rollback to savepoint gmp_unit; release savepoint gmp_unit' });
      throw isUniqueViolation(error) ? new UniqueViolation(error.message, { cause: error }) : error;
    }
  }
}
