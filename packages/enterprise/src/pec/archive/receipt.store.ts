// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statement } from '@mail-proxy/core';
import type { PecDatabase, PecReceiptsTable, ReceiptState } from '../receipts.table.ts';
import type { ReceiptContents } from './receipt-content.ts';
import { prepareReceiptPages, type ReceiptFilter, type ReceiptPage } from './receipt-pages.ts';

/** The receipts that came, each once for whoever's mailbox it came to. */
export interface ReceiptStore {
  findByHash(scope: string, hash: string): Promise<PecReceiptsTable | null>;
  /** To be written: a new one with its mail. @throws {UniqueViolation} where the same was stored meanwhile */
  add(receipt: PecReceiptsTable, raw: Uint8Array): readonly Statement[];
  /** One that is there means something else now. */
  change(receipt: PecReceiptsTable): Statement;
  /** @param tenantId null for all */
  get(tenantId: string | null, pk: string): Promise<PecReceiptsTable | null>;
  list(tenantId: string | null, filter: ReceiptFilter, page: ReceiptPage): Promise<readonly PecReceiptsTable[]>;
  /** For how many days each tenant keeps its receipts; null for the default. */
  keepDays(): Promise<readonly KeepDays[]>;
  /** Remove some of those that came before this time (milliseconds). @returns how many */
  removeRefused(before: number, limit: number): Promise<number>;
  /** The same of a tenant, or of none. */
  removeOf(tenantId: string | null, before: number, limit: number): Promise<number>;
}

export interface KeepDays {
  readonly tenant_id: string;
  readonly keep_days: number | null;
}

export function createReceiptStore(database: PecDatabase, contents: ReceiptContents): ReceiptStore {
  const s = prepareStatements(database);
  const pageOf = prepareReceiptPages(database);
  const remove = async (found: readonly { readonly pk: string }[]): Promise<number> => {
    if (found.length > 0) await database.write(found.map(({ pk }) => s.remove.bind({ pk })));
    return found.length;
  };
  return {
    async findByHash(scope, hash) {
      const [row] = await database.read(s.byHash.bind({ scope, hash }));
      return row ?? null;
    },
    add: (receipt, raw) => [s.insert.bind(receipt), ...contents.write(receipt.pk, raw)],
    change: (receipt) => s.change.bind(receipt),
    async get(tenantId, pk) {
      const [row] = await database.read(s.find.bind({ pk }));
      return row === undefined || (tenantId !== null && row.tenant_id !== tenantId) ? null : row;
    },
    list: (tenantId, filter, page) => database.read(pageOf(tenantId, filter, page)),
    keepDays: () => database.read(s.keepDays.bind({})),
    removeRefused: async (before, limit) =>
      remove(await database.read(s.oldRefused.bind({ tenant_id: '', before, limit }))),
    async removeOf(tenant_id, before, limit) {
      const old = { tenant_id: tenant_id ?? '', before, limit };
      return remove(await database.read((tenant_id === null ? s.oldOfNobody : s.oldOfTenant).bind(old)));
    },
  };
}

interface Old {
  readonly tenant_id: string;
  readonly before: number;
  readonly limit: number;
}

function prepareStatements(database: PecDatabase) {
  const old = (whose: 'refused' | 'tenant' | 'nobody') =>
    database.prepare<Old, { readonly pk: string }>((k, p) => {
      const query = k.selectFrom('pec_receipts').select('pk').where('received_at', '<', p.before);
      const ofThem = {
        refused: () => query.where((eb) => eb('state', '=', eb.val<ReceiptState>('refused'))),
        tenant: () => query.where('tenant_id', '=', p.tenant_id),
        nobody: () => query.where('tenant_id', 'is', null),
      };
      return ofThem[whose]().orderBy('received_at').limit(p.limit);
    });
  return {
    byHash: database.prepare<{ readonly scope: string; readonly hash: string }, PecReceiptsTable>((k, p) =>
      k.selectFrom('pec_receipts').selectAll().where('scope', '=', p.scope).where('hash', '=', p.hash),
    ),
    find: database.prepare<{ readonly pk: string }, PecReceiptsTable>((k, p) =>
      k.selectFrom('pec_receipts').selectAll().where('pk', '=', p.pk),
    ),
    insert: database.prepare<PecReceiptsTable>((k, p) =>
      k.insertInto('pec_receipts').values({ ...said(p), pk: p.pk, scope: p.scope, hash: p.hash, ...cameAs(p) }),
    ),
    change: database.prepare<PecReceiptsTable>((k, p) =>
      k.updateTable('pec_receipts').set(said(p)).where('pk', '=', p.pk),
    ),
    keepDays: database.prepare<object, KeepDays>((k) =>
      k
        .selectFrom('tenants as t')
        .leftJoin('pec_settings as s', 's.tenant_id', 't.id')
        .select(['t.id as tenant_id', 's.keep_days']),
    ),
    // Each by an index of its own, so that what stays is not read.
    oldRefused: old('refused'),
    oldOfTenant: old('tenant'),
    oldOfNobody: old('nobody'),
    remove: database.prepare<{ readonly pk: string }>((k, p) => k.deleteFrom('pec_receipts').where('pk', '=', p.pk)),
  };
}

/** The columns of what was made of it. */
function said(p: PecReceiptsTable): Omit<PecReceiptsTable, 'pk' | 'scope' | 'hash' | keyof ReturnType<typeof cameAs>> {
  return {
    ...{ tenant_id: p.tenant_id, account_pk: p.account_pk, state: p.state, why: p.why, type: p.type, error: p.error },
    ...{ error_detail: p.error_detail, status: p.status, reference: p.reference, recipient: p.recipient },
    ...{ addresses: p.addresses, form: p.form, identifier: p.identifier, provider: p.provider, issued_at: p.issued_at },
    ...{ is_verified: p.is_verified, unverified_reason: p.unverified_reason, signer: p.signer },
    ...{ signer_fingerprint: p.signer_fingerprint, message_pk: p.message_pk, message_id: p.message_id },
  };
}

function cameAs(p: PecReceiptsTable): Pick<PecReceiptsTable, 'size_bytes' | 'is_truncated' | 'received_at'> {
  return { size_bytes: p.size_bytes, is_truncated: p.is_truncated, received_at: p.received_at };
}
