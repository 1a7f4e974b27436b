// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../database/database.ts';
import type { AuditEntry } from '../../operations/execute.ts';
import type { Reach } from '../../operations/principal.ts';
import { backwardPageInput, type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import type { CoreSchema } from '../schema.ts';
import type { CommandLogFilter } from './command-log.filter.ts';
import { prepareCommandLogStatements } from './command-log.statements.ts';
import type { CommandLogTable } from './command-log.table.ts';

/** What was commanded, by whom, with which end. */
export interface CommandLogStore {
  append(entries: readonly (AuditEntry & { readonly pk: string; readonly at: number })[]): Promise<void>;
  /** The newest first. */
  list(reach: Reach, filter: CommandLogFilter, paging: Paging): Promise<Page<CommandLogTable>>;
  /** The oldest first, read page by page. */
  each(reach: Reach, filter: CommandLogFilter): AsyncIterable<CommandLogTable>;
  /** Delete what is older, in units that hold up no others; answers how many lines that were. */
  purge(reach: Reach, before: number): Promise<number>;
}

/** Rows of one page of an export, and of one unit of a purge. */
const CHUNK = 1_000;

export function createCommandLogStore(database: Database<CoreSchema>): CommandLogStore {
  const statements = prepareCommandLogStatements(database);

  const read = ({ tenantId }: Reach, input: CommandLogFilter & { after: string; rows: number }, isForward: boolean) => {
    const { all, ofTenant } = isForward ? statements.forward : statements.backward;
    return database.read(tenantId === null ? all.bind(input) : ofTenant.bind({ ...input, tenantId }));
  };

  return {
    async append(entries) {
      await database.write(
        entries.map(({ tenantId, requestId, ...entry }) =>
          statements.insert.bind({ ...entry, tenant_id: tenantId, request_id: requestId }),
        ),
      );
    },

    async list(reach, filter, paging) {
      const rows = await read(reach, { ...filter, ...backwardPageInput(paging) }, false);
      return pageFrom(rows, paging.limit, (row) => row.pk);
    },

    async *each(reach, filter) {
      let after: string | undefined;
      do {
        const rows = await read(reach, { ...filter, ...pageInput({ limit: CHUNK, after }) }, true);
        const { items, next } = pageFrom(rows, CHUNK, (row) => row.pk);
        yield* items;
        after = next ?? undefined;
      } while (after !== undefined);
    },

    async purge({ tenantId }, before) {
      let deleted = 0;
      for (;;) {
        const input = { before, rows: CHUNK };
        const { all, ofTenant } = statements.purge;
        const unit = [tenantId === null ? all.bind(input) : ofTenant.bind({ ...input, tenantId })] as const;
        const [{ changes }] = await database.write(unit);
        deleted += changes;
        if (changes < CHUNK) return deleted;
      }
    },
  };
}
