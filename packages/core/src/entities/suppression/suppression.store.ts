// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import { exactlyOne } from '../../database/statement.ts';
import { MailProxyError } from '../../errors.ts';
import type { Reach } from '../../operations/principal.ts';
import { ChangeListeners } from '../change-listeners.ts';
import { type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import { pickReferenced } from '../pick-referenced.ts';
import type { CoreSchema } from '../schema.ts';
import { prepareSuppressionStatements } from './suppression.statements.ts';
import type { SuppressionReason, SuppressionsTable } from './suppression.table.ts';

/** An entry that somebody wants. */
export interface NewSuppression {
  readonly pk: string;
  /** As parseSuppressible gives it. */
  readonly address: string;
  readonly reason: SuppressionReason;
  readonly note: string | null;
  /** Milliseconds; null for good. */
  readonly expiresAt: number | null;
}

export interface SuppressionFilter {
  readonly reason: SuppressionReason | null;
  /** `@domain`, as parseSuppressible gives it. */
  readonly domain: string | null;
  /** Milliseconds. */
  readonly since: number;
}

/** The lists of addresses that tenants do not write to. An entry whose time is over is as if it were not there. */
export interface SuppressionStore {
  /**
   * Add entries in one unit. One that stands keeps its key, its age and its count; what else it says is replaced, or
   * with `keep` nothing. Of several entries of one address the last counts, with `keep` the first: as if they came one
   * after the other.
   *
   * @returns those that were stored, in no order; one that did not stand has the key of an entry that was given
   * @throws {MailProxyError} `not_found` when there is no such tenant
   */
  put(
    tenantId: string,
    entries: readonly NewSuppression[],
    options: { readonly now: number; readonly onExisting: 'replace' | 'keep' },
  ): Promise<readonly SuppressionsTable[]>;
  /**
   * @param ref - the pk, which wins, or the address as parseSuppressible gives it
   * @throws {MailProxyError} `not_found`, `ambiguous_id`
   */
  get(reach: Reach, ref: string, now: number): Promise<SuppressionsTable>;
  /** In the order in which they were made. */
  list(
    reach: Reach,
    filter: SuppressionFilter,
    paging: Paging & { readonly now: number },
  ): Promise<Page<SuppressionsTable>>;
  /** All of them, read piece by piece. */
  each(reach: Reach, filter: SuppressionFilter, now: number): AsyncGenerator<SuppressionsTable>;
  /**
   * With what counted against its address until now: the next strike is its first.
   *
   * @throws {MailProxyError} as {@link SuppressionStore.get}
   */
  remove(reach: Reach, ref: string, now: number): Promise<void>;
  /** A unit of somebody else changed the tenant's list, and is committed. */
  changed(tenantId: string): void;
  /** Be told the tenant of each list that this process changes. Disposing ends it. */
  onChange(listener: (tenantId: string) => void): Disposable;
}

const CHUNK = 1_000;

export function createSuppressionStore(database: Database<CoreSchema>): SuppressionStore {
  const statements = prepareSuppressionStatements(database);
  const listeners = new ChangeListeners();

  const find = async (reach: Reach, ref: string, now: number): Promise<SuppressionsTable> => {
    const rows = await database.read(statements.find.bind({ ref, key: ref, tenant_id: reach.tenantId, now }));
    return pickReferenced(rows, ref, 'the address is on the lists of several tenants; give tenant_id');
  };

  const list: SuppressionStore['list'] = async ({ tenantId }, { reason, domain, since }, { now, ...paging }) => {
    const input = { reason, addresses: domain === null ? null : `%${domain}`, since, now, ...pageInput(paging) };
    const rows = await database.read(
      tenantId === null
        ? statements.listAll.bind(input)
        : statements.listOfTenant.bind({ ...input, tenant_id: tenantId }),
    );
    return pageFrom(rows, paging.limit, (row) => row.pk);
  };

  return {
    async put(tenantId, entries, { now, onExisting }) {
      // A statement may touch a row once only.
      const inTurn = onExisting === 'keep' ? entries.toReversed() : entries;
      const one = [...new Map(inTurn.map((entry) => [entry.address, entry])).values()];
      if (one.length === 0) return [];
      const [{ rows }] = await database.write([
        statements.put.bind({
          rows: rowsJson(
            one.map(({ expiresAt, ...entry }) => ({
              ...entry,
              tenant_id: tenantId,
              created_at: now,
              expires_at: expiresAt,
            })),
          ),
          replace: onExisting === 'replace' ? 1 : 0,
          now,
        }),
      ]);
      if (rows.length === 0 && (await database.read(statements.tenant.bind({ id: tenantId }))).length === 0) {
        throw new MailProxyError('not_found');
      }
      listeners.tell(tenantId);
      return rows;
    },

    get: find,
    list,

    async *each(reach, filter, now) {
      let after: string | undefined;
      do {
        const { items, next } = await list(reach, filter, { limit: CHUNK, after, now });
        yield* items;
        after = next ?? undefined;
      } while (after !== undefined);
    },

    async remove(reach, ref, now) {
      const { pk, tenant_id, address } = await find(reach, ref, now);
      await database.write([
        exactlyOne(statements.remove.bind({ pk }), 'not_found'),
        statements.forgive.bind({ tenant_id, address }),
      ]);
      listeners.tell(tenant_id);
    },

    changed: (tenantId) => listeners.tell(tenantId),
    onChange: (listener) => listeners.add(listener),
  };
}
