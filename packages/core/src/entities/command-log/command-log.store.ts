// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../database/database.ts';
import type { AuditEntry } from '../../operations/execute.ts';
import type { Reach } from '../../operations/principal.ts';
import { backwardPageInput, type Page, type Paging, pageFrom } from '../paging.ts';
import type { CoreSchema } from '../schema.ts';
import type { CommandLogTable } from './command-log.table.ts';

/** What was commanded, by whom, with which end. */
export interface CommandLogStore {
  append(entry: AuditEntry & { readonly pk: string; readonly at: number }): Promise<void>;
  /** The newest first. */
  list(reach: Reach, paging: Paging): Promise<Page<CommandLogTable>>;
}

export function createCommandLogStore(database: Database<CoreSchema>): CommandLogStore {
  const insert = database.prepare<CommandLogTable>((k, p) =>
    k.insertInto('command_log').values({
      pk: p.pk,
      at: p.at,
      operation: p.operation,
      tenant_id: p.tenant_id,
      principal: p.principal,
      origin: p.origin,
      input: p.input,
      outcome: p.outcome,
    }),
  );
  const listAll = database.prepare<{ after: string; rows: number }, CommandLogTable>((k, p) =>
    k.selectFrom('command_log').selectAll().where('pk', '<', p.after).orderBy('pk', 'desc').limit(p.rows),
  );
  const listOfTenant = database.prepare<{ tenant_id: string; after: string; rows: number }, CommandLogTable>((k, p) =>
    k
      .selectFrom('command_log')
      .selectAll()
      .where('tenant_id', '=', p.tenant_id)
      .where('pk', '<', p.after)
      .orderBy('pk', 'desc')
      .limit(p.rows),
  );
  return {
    async append({ tenantId, ...entry }) {
      await database.write([insert.bind({ ...entry, tenant_id: tenantId })]);
    },
    async list({ tenantId }, paging) {
      const input = backwardPageInput(paging);
      const rows = await database.read(
        tenantId === null ? listAll.bind(input) : listOfTenant.bind({ ...input, tenant_id: tenantId }),
      );
      return pageFrom(rows, paging.limit, (row) => row.pk);
    },
  };
}
