// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Prepared, Statement } from '@mail-proxy/core';
import type { PecDatabase, PecReceiptsTable } from '../receipts.table.ts';

/** Which receipts: all that is given has to match. */
export interface ReceiptFilter {
  /** The client's id of the message. */
  readonly messageId?: string | undefined;
  readonly type?: PecReceiptsTable['type'] | undefined;
  readonly state?: PecReceiptsTable['state'] | undefined;
  readonly isVerified?: boolean | undefined;
  /** An address, in any case. */
  readonly recipient?: string | undefined;
  /** When it came, milliseconds; at this time or later. */
  readonly from?: number | undefined;
  /** Milliseconds; earlier than this. */
  readonly before?: number | undefined;
}

export interface ReceiptPage {
  /** Primary key of the last row of the page before; null for the first page. */
  readonly after: string | null;
  readonly limit: number;
}

interface Given {
  readonly tenant: string;
  readonly message_id: string;
  readonly type: NonNullable<PecReceiptsTable['type']>;
  readonly state: PecReceiptsTable['state'];
  readonly is_verified: 0 | 1;
  /** Between blanks, as it is looked for. */
  readonly recipient: string;
  readonly from: number;
  readonly before: number;
  readonly after: string;
  readonly limit: number;
}
type Name = Exclude<keyof Given, 'limit'>;

/** Binds the query of a page, newest first. Each set of conditions is a statement of its own, so that it finds its index. */
export function prepareReceiptPages(
  database: PecDatabase,
): (tenantId: string | null, filter: ReceiptFilter, page: ReceiptPage) => Statement<PecReceiptsTable> {
  const known = new Map<string, Prepared<Given, PecReceiptsTable>>();
  return (tenantId, filter, { after, limit }) => {
    const given: { readonly [N in Name]: Given[N] | null } = {
      tenant: tenantId,
      message_id: filter.messageId ?? null,
      type: filter.type ?? null,
      state: filter.state ?? null,
      is_verified: filter.isVerified === undefined ? null : filter.isVerified ? 1 : 0,
      recipient: filter.recipient === undefined ? null : ` ${filter.recipient.toLowerCase()} `,
      from: filter.from ?? null,
      before: filter.before ?? null,
      after,
    };
    // Its keys are those of the literal above.
    const names = (Object.keys(given) as Name[]).filter((name) => given[name] !== null);
    const key = names.join();
    const prepared = known.get(key) ?? preparePage(database, new Set(names));
    known.set(key, prepared);
    // What is null is no condition of this statement.
    return prepared.bind({ ...given, limit } as Given);
  };
}

function preparePage(database: PecDatabase, names: ReadonlySet<Name>): Prepared<Given, PecReceiptsTable> {
  return database.prepare<Given, PecReceiptsTable>((k, p) => {
    let query = k.selectFrom('pec_receipts').selectAll();
    if (names.has('tenant')) query = query.where('tenant_id', '=', p.tenant);
    if (names.has('message_id')) query = query.where('message_id', '=', p.message_id);
    if (names.has('type')) query = query.where('type', '=', p.type);
    if (names.has('state')) query = query.where('state', '=', p.state);
    if (names.has('is_verified')) query = query.where('is_verified', '=', p.is_verified);
    if (names.has('recipient')) {
      // Not LIKE, to which _ is no letter.
      query = query.where((eb) => {
        const address = eb.cast<string>(eb.val(p.recipient), 'text');
        return eb(
          eb.fn<string>('replace', ['addresses', address, eb.cast(eb.val(''), 'text')]),
          '<>',
          eb.ref('addresses'),
        );
      });
    }
    if (names.has('from')) query = query.where('received_at', '>=', p.from);
    if (names.has('before')) query = query.where('received_at', '<', p.before);
    if (names.has('after')) query = query.where('pk', '<', p.after);
    return query.orderBy('pk', 'desc').limit(p.limit);
  });
}
