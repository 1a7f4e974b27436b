// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Prepared } from '../database/statement.ts';
import type { MessageResult, MessageState } from '../entities/message/message-state.ts';
import type { EventRecipient } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { dueState, stateAt } from './due-state.ts';
import { rankSql } from './rank-sql.ts';

interface Target {
  readonly pk: string;
  /** Milliseconds. */
  readonly now: number;
}

/** A message that this session holds may be changed too; null for none. */
interface PerhapsOwned extends Target {
  readonly session: number | null;
}

interface NewTime extends PerhapsOwned {
  readonly send_at: number;
  /** What becomes of a message that waits for its turn or its time. */
  readonly target: 'ready' | 'deferred';
}

type Update<Input extends Target> = Prepared<Input, { state: MessageState }>;

export interface ControlStatements {
  readonly hold: Update<PerhapsOwned>;
  readonly release: Update<Target>;
  readonly retryWaiting: Update<Target>;
  readonly retryFinal: Update<Target & { readonly expires_at: number }>;
  readonly reschedule: Update<NewTime>;
  readonly rescheduleAndExpire: Update<NewTime & { readonly expires_at: number }>;
  readonly confirm: Update<Target>;
  readonly retryUnserved: Prepared<Target, unknown>;
  readonly reviveRecipients: Prepared<Target, unknown>;
  readonly confirmRecipients: Prepared<Target, unknown>;
  readonly decidedByConfirmation: Prepared<{ readonly pk: string }, EventRecipient>;
}

/** The statements of the changes by hand. Those of `messages` come first in their unit and hold its condition. */
export function prepareControlStatements(db: Database<CoreSchema>, stepMs: number): ControlStatements {
  const hold = db.prepare<PerhapsOwned, { state: MessageState }>((k, p) =>
    k
      .updateTable('messages')
      .set({ state: sql.lit('held'), ...DISOWNED, updated_at: p.now })
      .where('pk', '=', p.pk)
      .where(sql<boolean>`(state in ('preparing', 'ready', 'deferred') or ${isOwned(p)})`)
      .returning('state'),
  );
  // By its own time as in a promotion, which for a message that was ready is the place it had.
  const release = db.prepare<Target, { state: MessageState }>((k, p) =>
    k
      .updateTable('messages')
      .set({
        state: stateAt(p.now),
        rank: rankSql(sql.ref('eligible_at'), stepMs),
        updated_at: p.now,
      })
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('held'))
      .returning('state'),
  );
  const retryWaiting = db.prepare<Target, { state: MessageState }>((k, p) =>
    k
      .updateTable('messages')
      .set({
        state: dueState,
        eligible_at: p.now,
        rank: rankSql(bigint(p.now), stepMs),
        handed_at: null,
        fetch_attempts: 0,
        units: recipientCount(sql`r.state in ('pending', 'in_doubt')`),
        updated_at: p.now,
      })
      .where('pk', '=', p.pk)
      .where(sql<boolean>`state in ('deferred', 'in_doubt')`)
      .returning('state'),
  );
  const retryFinal = db.prepare<Target & { expires_at: number }, { state: MessageState }>((k, p) =>
    k
      .updateTable('messages')
      .set({
        state: dueState,
        result: null,
        final_at: null,
        eligible_at: p.now,
        rank: rankSql(bigint(p.now), stepMs),
        expires_at: p.expires_at,
        handed_at: null,
        fetch_attempts: 0,
        units: recipientCount(sql`r.state in ('failed', 'expired')`),
        updated_at: p.now,
      })
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('final'))
      .where(sql<boolean>`result in ('failed', 'expired', 'partially_sent')`)
      .where('content_removed', '=', sql.lit(0))
      .returning('state'),
  );
  const prepareReschedule = <Input extends NewTime>(expiresAt: ((p: Input) => number) | null): Update<Input> =>
    db.prepare<Input, { state: MessageState }>((k, p) =>
      k
        .updateTable('messages')
        .set({
          state: sql<MessageState>`case when state not in ('preparing', 'ready', 'deferred', 'leased') then state
            when ${p.target} = 'ready' then ${dueState} else ${p.target} end`,
          ...DISOWNED,
          eligible_at: p.send_at,
          rank: rankSql(bigint(p.send_at), stepMs),
          updated_at: p.now,
        })
        .$if(expiresAt !== null, (q) => q.set({ expires_at: expiresAt?.(p) ?? null }))
        .where('pk', '=', p.pk)
        .where(sql<boolean>`(state in ('preparing', 'ready', 'deferred', 'suspended', 'held') or ${isOwned(p)})`)
        .returning('state'),
    );
  const confirm = db.prepare<Target, { state: MessageState }>((k, p) => {
    const isWaiting = recipientExists(sql`r.state = 'pending'`);
    const isPartial = recipientExists(sql`r.state not in ('sent', 'in_doubt')`);
    return k
      .updateTable('messages')
      .set({
        state: sql<MessageState>`case when not ${isWaiting} then 'final'
          when eligible_at > ${p.now} then 'deferred' else 'ready' end`,
        result: sql<MessageResult | null>`case when ${isWaiting} then null
          when ${isPartial} then 'partially_sent' else 'sent' end`,
        final_at: sql<number | null>`case when ${isWaiting} then null else ${bigint(p.now)} end`,
        last_error: sql<string | null>`case when ${isPartial} then last_error end`,
        units: recipientCount(sql`r.state = 'pending'`),
        rank: rankSql(sql.ref('eligible_at'), stepMs),
        handed_at: null,
        updated_at: p.now,
      })
      .where('pk', '=', p.pk)
      .where('state', '=', sql.lit('in_doubt'))
      .returning('state');
  });
  // Their attempts are what the retry policy counts: a series of its own begins with the hand.
  const retryRecipients = (from: RawBuilder<unknown>) =>
    db.prepare<Target>((k, p) =>
      k
        .updateTable('message_recipients')
        .set({ state: sql.lit('pending'), attempts: sql.lit(0), updated_at: p.now })
        .where('message_pk', '=', p.pk)
        .where(sql<boolean>`state in ${from}`),
    );
  const confirmRecipients = db.prepare<Target>((k, p) =>
    k
      .updateTable('message_recipients')
      .set({ state: sql.lit('sent'), updated_at: p.now })
      .where('message_pk', '=', p.pk)
      .where('state', '=', sql.lit('in_doubt')),
  );
  return {
    hold,
    release,
    retryWaiting,
    retryFinal,
    reschedule: prepareReschedule<NewTime>(null),
    rescheduleAndExpire: prepareReschedule<NewTime & { expires_at: number }>((p) => p.expires_at),
    confirm,
    retryUnserved: retryRecipients(sql`('pending', 'in_doubt')`),
    reviveRecipients: retryRecipients(sql`('failed', 'expired')`),
    confirmRecipients,
    decidedByConfirmation: db.prepare<{ pk: string }, EventRecipient>((k, p) =>
      k
        .selectFrom('message_recipients')
        .select(['address', 'state', 'stage', 'code', 'enhanced', 'reply'])
        .where('message_pk', '=', p.pk)
        .where('state', '=', sql.lit('in_doubt'))
        .orderBy('position'),
    ),
  };
}

/** What a message that nobody holds has, whoever held it before. */
const DISOWNED = { owner_session: null, handed_at: null } as const;

/** Not fenced by the life of the session: whoever found it dead made its messages ready, and then this finds none. */
function isOwned({ session }: PerhapsOwned): RawBuilder<boolean> {
  return sql<boolean>`(state = 'leased' and owner_session = cast(${session} as bigint))`;
}

/** PostgreSQL would take a parameter alone for text. */
function bigint(ms: number): RawBuilder<number> {
  return sql<number>`cast(${ms} as bigint)`;
}

function recipientExists(condition: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`exists (select 1 from ${sql.table('message_recipients')} r
    where r.message_pk = messages.pk and ${condition})`;
}

function recipientCount(condition: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`(select count(*) from ${sql.table('message_recipients')} r
    where r.message_pk = messages.pk and ${condition})`;
}
