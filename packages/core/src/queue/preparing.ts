// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import { exactlyOne } from '../database/statement.ts';
import type { MessageAttachmentsTable } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { ClaimedMessage } from './claim.ts';
import { preparePreparingStatements } from './preparing-statements.ts';
import { byRank } from './rank.ts';

/** A message whose attachments this session fetches. */
export interface PreparingMessage extends ClaimedMessage {
  /** Tries that failed for now. */
  readonly fetch_attempts: number;
}

/** Who writes of a message. */
type Owned = Pick<PreparingMessage, 'pk' | 'owner_session'>;

/** An attachment that was fetched, and the bytes that it has from now on. */
export interface FetchedAttachment {
  readonly position: number;
  readonly contentHash: string;
}

/**
 * Messages that wait for their attachments. A session owns those that it works on, as it owns the leased ones, and what
 * it writes is fenced in the same way; one that fails, for now or for good, is settled like an attempt.
 */
export interface Preparing {
  /** Tenants that have such messages. */
  tenants(): Promise<readonly string[]>;
  /** Take up to `quota` messages of each tenant, the first in their order. */
  claim(
    quotas: readonly { readonly tenantId: string; readonly quota: number }[],
    options: { readonly session: number; readonly now: number },
  ): Promise<readonly PreparingMessage[]>;
  /** Primary keys of what the session owns. */
  ownedBy(session: number): Promise<readonly string[]>;
  /** Give messages up, so that anybody may take them. */
  giveBack(pks: readonly string[], session: number): Promise<void>;
  /** The attachments of a message, in their order. */
  attachments(pk: string): Promise<readonly MessageAttachmentsTable[]>;
  /**
   * Write that an attachment is there. With the last one the message is ready.
   *
   * @returns whether it is
   * @throws {MailProxyError} `lease_lost`: somebody else owns it, or changed it
   */
  pin(message: Owned, fetched: FetchedAttachment, now: number): Promise<boolean>;
}

export function createPreparing(db: Database<CoreSchema>): Preparing {
  const statements = preparePreparingStatements(db);
  return {
    async tenants() {
      return (await db.read(statements.tenants.bind({}))).map(({ tenant_id }) => tenant_id);
    },
    async claim(quotas, { session, now }) {
      const results = await db.write(
        quotas.map(({ tenantId, quota }) => statements.claim.bind({ tenant_id: tenantId, quota, session, now })),
      );
      // RETURNING promises no order.
      return results.flatMap(({ rows }) =>
        [...rows].map((row) => ({ ...row, owner_session: session })).toSorted(byRank),
      );
    },
    async ownedBy(session) {
      return (await db.read(statements.owned.bind({ session }))).map(({ pk }) => pk);
    },
    async giveBack(pks, session) {
      if (pks.length > 0) await db.write(pks.map((pk) => statements.giveBack.bind({ pk, session })));
    },
    attachments: (pk) => db.read(statements.attachments.bind({ pk })),
    async pin({ pk, owner_session: session }, { position, contentHash }, now) {
      const [, updated] = await db.write([
        statements.pin.bind({ pk, position, content_hash: contentHash, session }),
        exactlyOne(statements.advance.bind({ pk, session, now, content_hash: contentHash }), 'lease_lost'),
      ]);
      return updated.rows[0]?.state === 'ready';
    },
  };
}
