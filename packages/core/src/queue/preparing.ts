// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import { exactlyOne } from '../database/statement.ts';
import { type ContentSealer, plainContents } from '../entities/message/content-sealer.ts';
import type { DetachedRecord } from '../entities/message/detached-record.ts';
import type { MessageAttachmentsTable } from '../entities/message/message.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { ClaimedMessage } from './claim.ts';
import { preparePreparingStatements } from './preparing-statements.ts';
import { byRank } from './rank.ts';

/** A message that this session prepares. */
export interface PreparingMessage extends ClaimedMessage {
  /** Tries that failed for now. */
  readonly fetch_attempts: number;
  /** Steps that were left when it was claimed. */
  readonly unfetched: number;
}

/** Who writes of a message. */
type Owned = Pick<PreparingMessage, 'pk' | 'owner_session'>;

/** An attachment that was fetched, and the bytes that it has from now on. */
export interface FetchedAttachment {
  readonly position: number;
  readonly contentHash: string;
}

/** A file that the message loses, and what is kept of it. */
export interface FileToDetach extends DetachedRecord {
  readonly position: number;
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
   * Write that an attachment is there. With the last one the message is ready, unless mixins are to be asked.
   *
   * @returns whether it is
   * @throws {MailProxyError} `lease_lost`: somebody else owns it, or changed it
   */
  pin(message: Owned, fetched: FetchedAttachment, now: number): Promise<boolean>;
  /**
   * Write what mixins make of a message whose attachments are all there: it is ready, without those that are detached.
   *
   * @throws {MailProxyError} `lease_lost`: somebody else owns it, or changed it
   */
  finish(message: Owned, detached: readonly FileToDetach[], now: number): Promise<void>;
}

export function createPreparing(db: Database<CoreSchema>, contents: ContentSealer = plainContents): Preparing {
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
      const file = { position, content_hash: contentHash };
      const [updated] = await db.write([
        exactlyOne(statements.advance.bind({ pk, session, now, ...file }), 'lease_lost'),
        statements.pin.bind({ pk, ...file }),
      ]);
      return updated.rows[0]?.state === 'ready';
    },
    async finish({ pk, owner_session: session }, detached, now) {
      const detached_bytes = detached.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      await db.write([
        exactlyOne(statements.finish.bind({ pk, session, now, detached_bytes }), 'lease_lost'),
        ...detached.map(({ position, ...record }) =>
          statements.detach.bind({
            pk,
            position,
            detached: contents.sealDetached(
              { messagePk: pk, position },
              JSON.stringify(record satisfies DetachedRecord),
            ),
          }),
        ),
      ]);
    },
  };
}
