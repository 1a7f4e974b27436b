// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import { CommitInDoubt, type Database } from '../../src/database/database.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { MailProxyError } from '../../src/errors.ts';

/** The same database, which counts the statements of the units that are made late. */
export function countingStatements(database: Database<CoreSchema>): {
  readonly database: Database<CoreSchema>;
  readonly statements: () => number;
} {
  let count = 0;
  const counting = withOther(database, {
    writeLate: (make) =>
      database.writeLate(() => {
        const unit = make();
        count += unit.length;
        return unit;
      }),
  });
  return { database: counting, statements: () => count };
}

/** The same database, which counts the reads, and fails those that are asked for while there is an error to fail with. */
export function countingReads(database: Database<CoreSchema>): {
  readonly database: Database<CoreSchema>;
  readonly reads: () => number;
  readonly fail: (error: Error | null) => void;
} {
  let count = 0;
  let failure: Error | null = null;
  const readAll: Database<CoreSchema>['readAll'] = (statements) => {
    count += 1;
    return failure === null ? database.readAll(statements) : Promise.reject(failure);
  };
  return {
    database: withOther(database, { readAll }),
    reads: () => count,
    fail(error) {
      failure = error;
    },
  };
}

/** The same database, which commits the first unit that is made late and does not know that it did. */
export function inDoubtOnce(database: Database<CoreSchema>): Database<CoreSchema> {
  let isFirst = true;
  return withOther(database, {
    async writeLate(make) {
      const results = await database.writeLate(make);
      if (!isFirst) return results;
      isFirst = false;
      throw new CommitInDoubt(results, new MailProxyError('database_unavailable'));
    },
  });
}

/** The same database, whose units that are made late take a while before their last statement; `onTaken` is told then. */
export function slowToEnd(database: Database<CoreSchema>, onTaken: () => void): Database<CoreSchema> {
  const pause = database.prepare<object>((k) => ({
    compile: () =>
      sql`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 1000000)
        select count(*) from numbers`.compile(k),
  }));
  return withOther(database, {
    async writeLate(make) {
      let last = 0;
      const results = await database.writeLate(() => {
        const unit = make();
        last = unit.length - 1;
        onTaken();
        return unit.toSpliced(last, 0, pause.bind({}));
      });
      return results.toSpliced(last, 1);
    },
  });
}

function withOther(
  database: Database<CoreSchema>,
  other: Partial<Pick<Database<CoreSchema>, 'readAll' | 'writeLate'>>,
): Database<CoreSchema> {
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(Object.hasOwn(other, name) ? other : target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
