// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Prepared } from '../../database/statement.ts';
import type { Reach } from '../../operations/principal.ts';
import type { CoreSchema } from '../schema.ts';
import type { MessageEventsTable } from './message-event.table.ts';
import { createReportCursorStore, type ReportCursorStore } from './report-cursor.store.ts';

/** An event with what its message and its account are called outside. */
export interface MessageEventRow extends MessageEventsTable {
  /** The client's id of the message; null where the event is an account's. */
  readonly message_id: string | null;
  /** The client's id of the account; null once an account of which an event tells was deleted. */
  readonly account_id: string | null;
  readonly batch_code: string | null;
}

/** Of an event `e`, without its place in the sequence. */
export const EVENT_COLUMNS = [
  'e.pk',
  'e.tenant_id',
  'e.message_pk',
  'e.account_pk',
  'e.type',
  'e.at',
  'e.attempt',
  'e.detail',
] as const;
/** What its message `m` and its account `a` are called outside. */
export const EVENT_NAMES = ['m.id as message_id', 'a.id as account_id', 'm.batch_code'] as const;

/** An event that has its place in the sequence. */
export interface NumberedEventRow extends MessageEventRow {
  readonly seq: number;
}

export interface MessageEventStore extends ReportCursorStore {
  /** Up to `limit` events of a tenant numbered after `seq`, in order. */
  listAfter(tenantId: string, seq: number, limit: number): Promise<readonly NumberedEventRow[]>;
  /** The last `limit` numbered events of a tenant, in order. */
  listLast(tenantId: string, limit: number): Promise<readonly NumberedEventRow[]>;
  /** The history of a message, oldest first; what happened last may have no number yet. */
  listOfMessage(reach: Reach, messagePk: string): Promise<readonly MessageEventRow[]>;
}

/** The insert of an event, for the unit of whatever the event tells of. `seq` is null: the sequencer gives it. */
export function prepareInsertEvent(database: Database<CoreSchema>): Prepared<MessageEventsTable, unknown> {
  return database.prepare<MessageEventsTable>((k, p) =>
    k.insertInto('message_events').values({
      pk: p.pk,
      tenant_id: p.tenant_id,
      message_pk: p.message_pk,
      account_pk: p.account_pk,
      type: p.type,
      at: p.at,
      attempt: p.attempt,
      detail: p.detail,
      seq: p.seq,
    }),
  );
}

export function createMessageEventStore(database: Database<CoreSchema>): MessageEventStore {
  const inOrder = (direction: 'asc' | 'desc') =>
    database.prepare<{ tenant_id: string; seq: number; limit: number }, NumberedEventRow>((k, p) =>
      k
        .selectFrom('message_events as e')
        .leftJoin('messages as m', 'm.pk', 'e.message_pk')
        .leftJoin('accounts as a', (join) => join.on(sql<boolean>`a.pk = coalesce(m.account_pk, e.account_pk)`))
        .select(EVENT_COLUMNS)
        .select(EVENT_NAMES)
        .select((eb) => eb.ref('e.seq').$notNull().as('seq'))
        .where('e.tenant_id', '=', p.tenant_id)
        .where('e.seq', '>', p.seq)
        .orderBy('e.seq', direction)
        .limit(p.limit),
    );
  const after = inOrder('asc');
  const last = inOrder('desc');
  const ofMessage = database.prepare<{ message_pk: string; tenant: string | null }, MessageEventRow>((k, p) =>
    k
      .selectFrom('message_events as e')
      .innerJoin('messages as m', 'm.pk', 'e.message_pk')
      .innerJoin('accounts as a', 'a.pk', 'm.account_pk')
      .select(EVENT_COLUMNS)
      .select('e.seq')
      .select(EVENT_NAMES)
      .where('e.message_pk', '=', p.message_pk)
      // Null is every tenant's. Without a type PostgreSQL could not tell what it is.
      .where(sql<boolean>`(cast(${p.tenant} as text) is null or e.tenant_id = ${p.tenant})`)
      .orderBy('e.pk'),
  );

  return {
    ...createReportCursorStore(database),
    listAfter: (tenantId, seq, limit) => database.read(after.bind({ tenant_id: tenantId, seq, limit })),
    async listLast(tenantId, limit) {
      const rows = await database.read(last.bind({ tenant_id: tenantId, seq: 0, limit }));
      return rows.toReversed();
    },
    listOfMessage: ({ tenantId: tenant }, messagePk) =>
      database.read(ofMessage.bind({ message_pk: messagePk, tenant })),
  };
}
