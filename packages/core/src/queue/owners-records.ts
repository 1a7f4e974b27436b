// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { Bundle, rowsJson, type Slice } from '../database/row-parameters.ts';
import type { Statement } from '../database/statement.ts';
import type { EventDetail, EventType, MessageEventsTable } from '../entities/message-event/message-event.table.ts';
import type { RateUsesTable } from '../entities/rate-use.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { bucketOf, type RateUse } from './rate-limits.ts';

/** What is written beside the new state of a message that a session holds: a line of history, what was sent. */
export interface OwnersRecord {
  readonly session: number;
  readonly event: {
    readonly pk: string;
    readonly tenantId: string;
    readonly messagePk: string;
    readonly type: EventType;
    /** Milliseconds. */
    readonly at: number;
    readonly attempt: number;
    readonly detail: EventDetail;
  };
  readonly uses: readonly RateUse[];
}

/** Statements for the unit that takes these messages from their sessions; they go before its update of the messages. */
export type OwnersRecords = (records: readonly OwnersRecord[]) => readonly Statement[];

type EventRow = Omit<MessageEventsTable, 'detail' | 'account_pk' | 'seq'> & Slice & { readonly session: number };
type UseRow = RateUsesTable & { readonly message_pk: string };

/** @param isOwned whether the message of the row `r` is `r.session`'s; where it is not, nothing is written */
export function prepareOwnersRecords(db: Database<CoreSchema>, isOwned: RawBuilder<boolean>): OwnersRecords {
  const { rows, textSlice } = db.dialect;
  const insertEvents = db.prepare<{ rows: string; bytes: Uint8Array }>((k, p) =>
    k
      .insertInto('message_events')
      .columns(['pk', 'tenant_id', 'message_pk', 'type', 'at', 'attempt', 'detail'])
      .expression(
        k
          .selectFrom(
            rows<EventRow>(p.rows, {
              pk: 'text',
              tenant_id: 'text',
              message_pk: 'text',
              session: 'bigint',
              type: 'text',
              at: 'bigint',
              attempt: 'integer',
              start: 'integer',
              length: 'integer',
            }).as('r'),
          )
          .select(['pk', 'tenant_id', 'message_pk', 'type', 'at', 'attempt'])
          .select(textSlice(p.bytes, { start: sql.ref('r.start'), length: sql.ref('r.length') }).as('detail'))
          .where(isOwned),
      ),
  );
  const bookUses = db.prepare<{ rows: string }>((k, p) =>
    k
      .insertInto('rate_uses')
      .columns(['scope', 'window_ms', 'bucket_at', 'session', 'used'])
      .expression(
        k
          .selectFrom(
            rows<UseRow>(p.rows, {
              message_pk: 'text',
              scope: 'text',
              window_ms: 'integer',
              bucket_at: 'bigint',
              session: 'bigint',
              used: 'integer',
            }).as('r'),
          )
          .select(['scope', 'window_ms', 'bucket_at', 'session'])
          // A statement may touch a row once only.
          .select(sql<number>`sum(used)`.as('used'))
          .where(isOwned)
          .groupBy(['scope', 'window_ms', 'bucket_at', 'session']),
      )
      .onConflict((oc) =>
        oc
          .columns(['scope', 'window_ms', 'bucket_at', 'session'])
          .doUpdateSet({ used: sql<number>`rate_uses.used + excluded.used` }),
      ),
  );

  return (records) => {
    const details = new Bundle();
    const events = records.map(({ session, event: { tenantId, messagePk, detail, ...event } }) => ({
      ...event,
      session,
      tenant_id: tenantId,
      message_pk: messagePk,
      ...details.add(JSON.stringify(detail)),
    }));
    const uses = records.flatMap(({ session, event, uses: sent }) =>
      sent.map(({ scope, windowMs, at, count }) => ({
        message_pk: event.messagePk,
        scope,
        window_ms: windowMs,
        bucket_at: bucketOf(at, windowMs),
        session,
        used: count,
      })),
    );
    const unit = [insertEvents.bind({ rows: rowsJson(events), bytes: details.bytes() })];
    if (uses.length > 0) unit.push(bookUses.bind({ rows: rowsJson(uses) }));
    return unit;
  };
}
