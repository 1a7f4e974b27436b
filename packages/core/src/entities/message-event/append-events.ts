// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Clock } from '../../clock.ts';
import type { Database } from '../../database/database.ts';
import type { MakePk } from '../../identity.ts';
import type { AppendedEvent, MixinEvents } from '../../mixin/events.ts';
import type { CoreSchema } from '../schema.ts';
import type { EventDetail, EventType, MessageFeedbackTable } from './message-event.table.ts';

/** An event that a mixin wrote, and whose it is. */
export interface Written {
  readonly type: EventType;
  readonly tenantId: string;
  readonly accountPk: string;
}

export interface AppendEventsParts {
  readonly database: Database<CoreSchema>;
  readonly clock: Clock;
  readonly makePk: MakePk;
  /** Called after the commit of each event that is new. */
  readonly onWritten: (written: Written) => void;
}

/** Compile what mixins append with; a call makes that of one mixin. */
export function prepareAppendEvents(
  parts: AppendEventsParts,
): (types: readonly string[], mixin: string) => MixinEvents {
  const { database, clock, makePk, onWritten } = parts;
  const statements = prepareStatements(database);
  return (types, mixin) => {
    const allowed: ReadonlySet<string> = new Set([...types, 'bounce', 'complaint']);
    return {
      append(event) {
        const { messagePk, tenantId, type, once } = event;
        if (!allowed.has(type)) throw new TypeError(`the mixin ${mixin} has not listed the event type ${type}`);
        const eventPk = makePk();
        const { recipient = null, bounceType = null, code = null } = event.feedback ?? {};
        const feedback = {
          message_pk: messagePk,
          key: once === undefined ? eventPk : `${mixin}:${once}`,
          event_pk: eventPk,
        };
        const said = {
          type,
          address: recipient,
          bounce_type: bounceType,
          code,
          reason: event.reason ?? null,
          at: clock.now(),
        };
        return {
          eventPk,
          statements: [
            statements.insertFeedback.bind({ ...feedback, ...said, tenant_id: tenantId }),
            statements.insertEvent.bind({
              message_pk: messagePk,
              event_pk: eventPk,
              detail: JSON.stringify(detailOf(event)),
            }),
          ],
          async committed() {
            const [row] = await database.read(statements.written.bind({ event_pk: eventPk }));
            if (row === undefined) return false;
            onWritten({ type, tenantId: row.tenant_id, accountPk: row.account_pk });
            return true;
          },
        };
      },
    };
  };
}

function detailOf({ reason, feedback, extra }: AppendedEvent): EventDetail {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(feedback === undefined ? {} : { feedback }),
    ...(extra === undefined ? {} : { extra }),
  };
}

function prepareStatements(database: Database<CoreSchema>) {
  return {
    // From the message, so that one that is gone or another tenant's makes no row. Who comes second of two at once waits
    // here on PostgreSQL, and then adds nothing.
    insertFeedback: database.prepare<MessageFeedbackTable & { readonly tenant_id: string }>((k, p) =>
      k
        .insertInto('message_feedback')
        .columns(['message_pk', 'key', 'event_pk', 'type', 'address', 'bounce_type', 'code', 'reason', 'at'])
        .expression((eb) =>
          eb
            .selectFrom('messages as m')
            .select([
              'm.pk',
              sql<string>`cast(${p.key} as text)`.as('key'),
              sql<string>`cast(${p.event_pk} as text)`.as('event_pk'),
              sql<EventType>`cast(${p.type} as text)`.as('type'),
              sql<string | null>`cast(${p.address} as text)`.as('address'),
              sql<MessageFeedbackTable['bounce_type']>`cast(${p.bounce_type} as text)`.as('bounce_type'),
              sql<string | null>`cast(${p.code} as text)`.as('code'),
              sql<string | null>`cast(${p.reason} as text)`.as('reason'),
              sql<number>`cast(${p.at} as bigint)`.as('at'),
            ])
            .where('m.pk', '=', p.message_pk)
            .where('m.tenant_id', '=', p.tenant_id),
        )
        .onConflict((conflict) => conflict.columns(['message_pk', 'key']).doNothing()),
    ),
    // Of feedback that was added right now. The sequencer gives the number.
    insertEvent: database.prepare<Pick<MessageFeedbackTable, 'message_pk' | 'event_pk'> & { readonly detail: string }>(
      (k, p) =>
        k
          .insertInto('message_events')
          .columns(['pk', 'tenant_id', 'message_pk', 'type', 'at', 'attempt', 'detail'])
          .expression((eb) =>
            eb
              .selectFrom('message_feedback as f')
              .innerJoin('messages as m', 'm.pk', 'f.message_pk')
              .select([
                'f.event_pk',
                'm.tenant_id',
                'm.pk',
                'f.type',
                'f.at',
                sql.lit(0).as('attempt'),
                sql<string>`cast(${p.detail} as text)`.as('detail'),
              ])
              .where('f.message_pk', '=', p.message_pk)
              .where('f.event_pk', '=', p.event_pk),
          ),
    ),
    written: database.prepare<{ readonly event_pk: string }, { tenant_id: string; account_pk: string }>((k, p) =>
      k
        .selectFrom('message_events as e')
        .innerJoin('messages as m', 'm.pk', 'e.message_pk')
        .select(['m.tenant_id', 'm.account_pk'])
        .where('e.pk', '=', p.event_pk),
    ),
  };
}
