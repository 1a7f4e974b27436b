// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../database/database.ts';
import type { CoreSchema } from '../schema.ts';
import type { InstanceTable } from './instance.table.ts';

/** The one row that says what this installation is. */
export interface InstanceStore {
  /** Write the row at the very first start; later starts, and other instances of the same database, keep it. */
  ensure(name: string, now: number): Promise<void>;
  get(): Promise<InstanceTable>;
}

/** The only row's. */
const ID = 1;

export function createInstanceStore(database: Database<CoreSchema>): InstanceStore {
  const insert = database.prepare<InstanceTable>((k, p) =>
    k
      .insertInto('instance')
      .values({ id: p.id, name: p.name, created_at: p.created_at })
      .onConflict((oc) => oc.column('id').doNothing()),
  );
  const select = database.prepare<{ id: number }, InstanceTable>((k, p) =>
    k.selectFrom('instance').selectAll().where('id', '=', p.id),
  );
  return {
    async ensure(name, now) {
      await database.write([insert.bind({ id: ID, name, created_at: now })]);
    },
    async get() {
      const [row] = await database.read(select.bind({ id: ID }));
      if (row === undefined) throw new Error('the instance has no row');
      return row;
    },
  };
}
