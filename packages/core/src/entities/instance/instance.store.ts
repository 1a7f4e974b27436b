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
  /** Stop all sending at `at`, also after restarts, or go on with null. Stopping what is stopped keeps since when. */
  setPaused(at: number | null): Promise<void>;
  /** Write down that what is too old was removed, and how much of each kind. */
  retentionRan(at: number, deleted: Readonly<Record<string, number>>): Promise<void>;
}

/** The only row's. */
const ID = 1;

export function createInstanceStore(database: Database<CoreSchema>): InstanceStore {
  const insert = database.prepare<Pick<InstanceTable, 'id' | 'name' | 'created_at'>>((k, p) =>
    k
      .insertInto('instance')
      .values({ id: p.id, name: p.name, created_at: p.created_at })
      .onConflict((oc) => oc.column('id').doNothing()),
  );
  const select = database.prepare<{ id: number }, InstanceTable>((k, p) =>
    k.selectFrom('instance').selectAll().where('id', '=', p.id),
  );
  const pause = database.prepare<{ id: number; at: number }>((k, p) =>
    k.updateTable('instance').set({ paused_at: p.at }).where('id', '=', p.id).where('paused_at', 'is', null),
  );
  const resume = database.prepare<{ id: number }>((k, p) =>
    k.updateTable('instance').set({ paused_at: null }).where('id', '=', p.id),
  );
  const ran = database.prepare<{ id: number; at: number; deleted: string }>((k, p) =>
    k.updateTable('instance').set({ retention_ran_at: p.at, retention_deleted: p.deleted }).where('id', '=', p.id),
  );
  return {
    async retentionRan(at, deleted) {
      await database.write([ran.bind({ id: ID, at, deleted: JSON.stringify(deleted) })]);
    },
    async ensure(name, now) {
      await database.write([insert.bind({ id: ID, name, created_at: now })]);
    },
    async get() {
      const [row] = await database.read(select.bind({ id: ID }));
      if (row === undefined) throw new Error('the instance has no row');
      return row;
    },
    async setPaused(at) {
      await database.write([at === null ? resume.bind({ id: ID }) : pause.bind({ id: ID, at })]);
    },
  };
}
