// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, CoreSchema, Database, MakePk, Statement } from '@mail-proxy/core';
import type { BounceSchema, UnmatchedBouncesTable, UnmatchedReason } from './bounce.table.ts';
import type { Bounce, Complaint } from './reading/returned-mail.types.ts';

/** A bounce whose message was not found. */
export interface Unmatched {
  readonly tenantId: string | null;
  /** SHA-256 of the mail, in hex: it is kept once. */
  readonly hash: string;
  readonly why: UnmatchedReason;
  readonly mail: Bounce | Complaint;
}

/** What is kept of one of its recipients. */
export interface UnmatchedRecipient {
  readonly address: string;
  readonly status: string | null;
  readonly reason: string | null;
}

/** Bounces whose messages were not found: the newest of each tenant, for a while. */
export interface UnmatchedStore {
  /** To be written; what is too many goes with it. */
  keep(unmatched: Unmatched): readonly Statement[];
  /** Remove what is too old, of all tenants. */
  prune(): Promise<void>;
  /** Newest first, before the one with the key `after`. @param tenantId null for all */
  list(
    tenantId: string | null,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly UnmatchedBouncesTable[]>;
}

/** Of one tenant, and of the operator's mailboxes. */
export const MAX_UNMATCHED = 1_000;
export const UNMATCHED_DAYS = 30;
const MAX_RECIPIENTS = 20;
/** Comes after every key. */
const LAST = '~';

export function createUnmatchedStore(
  database: Database<CoreSchema & BounceSchema>,
  { clock, makePk }: { readonly clock: Clock; readonly makePk: MakePk },
): UnmatchedStore {
  const insert = database.prepare<UnmatchedBouncesTable>((k, p) =>
    k
      .insertInto('bounce_unmatched')
      .values({
        pk: p.pk,
        tenant_id: p.tenant_id,
        scope: p.scope,
        hash: p.hash,
        kind: p.kind,
        why: p.why,
        recipients: p.recipients,
        message_id: p.message_id,
        reporting_mta: p.reporting_mta,
        received_at: p.received_at,
      })
      .onConflict((conflict) => conflict.columns(['scope', 'hash']).doNothing()),
  );
  const dropTooMany = database.prepare<{ scope: string }>((k, p) =>
    k
      .deleteFrom('bounce_unmatched')
      .where('scope', '=', p.scope)
      .where('pk', 'in', (inner) =>
        inner
          .selectFrom('bounce_unmatched as newest')
          .select('newest.pk')
          .where('newest.scope', '=', p.scope)
          .orderBy('newest.pk', 'desc')
          // Far more than there are, since SQLite knows no offset without a limit.
          .limit(1_000_000)
          .offset(MAX_UNMATCHED),
      ),
  );
  const dropTooOld = database.prepare<{ before: number }>((k, p) =>
    k.deleteFrom('bounce_unmatched').where('received_at', '<', p.before),
  );
  const all = database.prepare<{ after: string; limit: number }, UnmatchedBouncesTable>((k, p) =>
    k.selectFrom('bounce_unmatched').selectAll().where('pk', '<', p.after).orderBy('pk', 'desc').limit(p.limit),
  );
  const ofTenant = database.prepare<{ scope: string; after: string; limit: number }, UnmatchedBouncesTable>((k, p) =>
    k
      .selectFrom('bounce_unmatched')
      .selectAll()
      .where('scope', '=', p.scope)
      .where('pk', '<', p.after)
      .orderBy('pk', 'desc')
      .limit(p.limit),
  );

  return {
    keep({ tenantId, hash, why, mail }) {
      const scope = tenantId ?? '';
      return [
        insert.bind({
          pk: makePk(),
          tenant_id: tenantId,
          scope,
          hash,
          kind: mail.kind === 'complaint' ? 'complaint' : 'bounce',
          why,
          recipients: JSON.stringify(recipientsOf(mail).slice(0, MAX_RECIPIENTS)),
          message_id: mail.original.messageId,
          reporting_mta: mail.kind === 'complaint' ? null : mail.reportingMta,
          received_at: clock.now(),
        }),
        dropTooMany.bind({ scope }),
      ];
    },
    async prune() {
      await database.write([dropTooOld.bind({ before: clock.now() - UNMATCHED_DAYS * 86_400_000 })]);
    },
    list: (tenantId, { after, limit }) => {
      const page = { after: after ?? LAST, limit };
      return database.read(tenantId === null ? all.bind(page) : ofTenant.bind({ ...page, scope: tenantId }));
    },
  };
}

function recipientsOf(mail: Bounce | Complaint): readonly UnmatchedRecipient[] {
  if (mail.kind === 'complaint') {
    return mail.recipients.map((address) => ({ address, status: null, reason: mail.feedbackType }));
  }
  return mail.recipients.map(({ address, status, reason }) => ({ address, status, reason }));
}
