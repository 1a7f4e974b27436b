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
  /** Remove some that are too old. @returns how many */
  prune(old: OldReceipts): Promise<number>;
}

export interface OldReceipts {
  /** Milliseconds. */
  readonly now: number;
  readonly defaultKeepMs: number;
  /** Those that were refused are kept for so long at most. */
  readonly refusedMs: number;
  readonly limit: number;
}

const DAY_MS = 86_400_000;

export function createReceiptStore(database: PecDatabase, contents: ReceiptContents): ReceiptStore {
  const s = prepareStatements(database);
  const pageOf = prepareReceiptPages(database);
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
    async prune({ now, defaultKeepMs, refusedMs, limit }) {
      const found = await database.read(
        s.old.bind({ now, ...{ before_default: now - defaultKeepMs, refused_before: now - refusedMs, limit } }),
      );
      if (found.length > 0) await database.write(found.map(({ pk }) => s.remove.bind({ pk })));
      return found.length;
    },
  };
}

function prepareStatements(database: PecDatabase) {
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
    old: database.prepare<
      {
        readonly now: number;
        readonly before_default: number;
        readonly refused_before: number;
        readonly limit: number;
      },
      { readonly pk: string }
    >((k, p) =>
      k
        .selectFrom('pec_receipts as r')
        .leftJoin('pec_settings as s', 's.tenant_id', 'r.tenant_id')
        .select('r.pk')
        .where((eb) =>
          eb.or([
            eb.and([eb('r.state', '=', eb.val<ReceiptState>('refused')), eb('r.received_at', '<', p.refused_before)]),
            eb.and([eb('s.keep_days', 'is', null), eb('r.received_at', '<', p.before_default)]),
            eb.and([
              eb('s.keep_days', 'is not', null),
              eb(
                'r.received_at',
                '<',
                eb(
                  eb.cast<number>(eb.val(p.now), 'bigint'),
                  '-',
                  eb(eb.cast<number>('s.keep_days', 'bigint'), '*', eb.lit(DAY_MS)),
                ),
              ),
            ]),
          ]),
        )
        .orderBy('r.received_at')
        .limit(p.limit),
    ),
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
