// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import { type GatheredUnit, Gathering } from '../database/gathering.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { EventType } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { MakePk } from '../identity.ts';
import { prepareLockMessages } from './lock-messages.ts';
import { type OwnersRecord, prepareOwnersRecords } from './owners-records.ts';
import { limitsOf, type RateUse, usesOf } from './rate-limits.ts';
import { type HeldRow, heldBySession, prepareRescueStatements, type RescueRow } from './rescue-statements.ts';

/** A message that its dead session held. */
export interface RescuedMessage extends Pick<HeldRow, 'pk' | 'tenant_id' | 'account_pk' | 'attempts'> {
  /** It waits in its lane; otherwise its end is doubtful, and its policy is not to send it again by itself. */
  readonly isReady: boolean;
}

/**
 * Take back what an ended session held, at most `limit` messages, each with an event.
 *
 * | `on_in_doubt` | handed over | becomes | counts as an attempt and under rate limits |
 * |---|---|---|---|
 * | retry | unknown | ready, with the same Message-ID | yes |
 * | hold, fail | no | ready | no |
 * | hold | yes | in doubt | yes |
 * | fail | yes | failed | yes |
 */
export type Rescue = (
  session: number,
  options: { readonly now: number; readonly limit: number },
) => Promise<readonly RescuedMessage[]>;

/** A message to be taken back from its session. */
interface Held {
  readonly row: HeldRow;
  readonly session: number;
  /** Milliseconds. */
  readonly now: number;
}

export function prepareRescue(db: Database<CoreSchema>, makePk: MakePk): Rescue {
  const { held, recipients, messages } = prepareRescueStatements(db);
  const lock = prepareLockMessages(db);
  const records = prepareOwnersRecords(db, heldBySession);

  const unit = (taken: readonly Held[]): GatheredUnit<Held, boolean> => {
    const rows = rowsJson(taken.map(rescueRow));
    const before = [
      ...lock(taken.map(({ row }) => row)),
      recipients.bind({ rows }),
      ...records(taken.map((message) => recordOf(message, makePk()))),
    ];
    return {
      statements: [...before, messages.bind({ rows })],
      outcome(results) {
        // The last statement returns these.
        const rescued = (results[before.length]?.rows ?? []) as readonly { readonly pk: string }[];
        const pks = new Set(rescued.map(({ pk }) => pk));
        return ({ row }) => pks.has(row.pk);
      },
    };
  };
  const gathering = new Gathering<Held, boolean>(db, { unit, keyOf: ({ row }) => row.pk });

  return async (session, { now, limit }) => {
    const found = await db.read(held.bind({ session, limit }));
    const ends = await Promise.allSettled(found.map((row) => gathering.write({ row, session, now })));
    // Another instance that rescues the same session may have been faster with some.
    const rescued = found.filter((_, index) => {
      const end = ends[index];
      return end?.status === 'fulfilled' && end.value;
    });
    // Those that succeeded are to be told about first; what failed is found again.
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined && rescued.length === 0) throw failed.reason;
    return rescued.map((row) => ({ ...row, isReady: ['unsent', 'retry'].includes(endOf(row)) }));
  };
}

/** What becomes of a message whose session died. */
type RescueEnd = 'unsent' | 'retry' | 'hold' | 'fail';

const READY = { state: 'ready', recipient_state: null } as const;

const STATES_OF = {
  unsent: READY,
  retry: READY,
  hold: { state: 'in_doubt', recipient_state: 'in_doubt' },
  fail: { state: 'final', recipient_state: 'failed' },
} as const satisfies Record<RescueEnd, Pick<RescueRow, 'state' | 'recipient_state'>>;

function rescueRow({ row, session, now }: Held): RescueRow {
  const end = endOf(row);
  const states = STATES_OF[end];
  return {
    message_pk: row.pk,
    session,
    ...states,
    counted: countOf(end),
    reason: states.recipient_state === null ? null : REASON_OF[end],
    updated_at: now,
  };
}

function recordOf({ row, session, now }: Held, pk: string): OwnersRecord {
  const end = endOf(row);
  const mayBeSent = end !== 'unsent';
  return {
    session,
    event: {
      pk,
      tenantId: row.tenant_id,
      messagePk: row.pk,
      type: EVENT_OF[end],
      at: now,
      attempt: row.attempts + countOf(end),
      detail: { reason: REASON_OF[end], ...(mayBeSent ? { possibleDuplicate: true } : {}) },
    },
    uses: mayBeSent ? usesOfRow(row, now) : [],
  };
}

/** What was surely not handed over is no attempt. */
function countOf(end: RescueEnd): number {
  return end === 'unsent' ? 0 : 1;
}

/** Under `retry` the mark may not have been written yet, so each counts as handed over. */
function endOf({ on_in_doubt: policy, handed_at }: Pick<HeldRow, 'on_in_doubt' | 'handed_at'>): RescueEnd {
  return policy !== 'retry' && handed_at === null ? 'unsent' : policy;
}

const EVENT_OF = {
  unsent: 'interrupted',
  retry: 'interrupted',
  hold: 'in_doubt',
  fail: 'error',
} as const satisfies Record<RescueEnd, EventType>;

const REASON_OF: Readonly<Record<RescueEnd, string>> = {
  unsent: 'the instance that held the message stopped before it was handed to the relay',
  retry: 'the instance that held the message stopped before it recorded an outcome',
  hold: 'the instance that held the message stopped before it recorded an outcome; the relay may have taken it',
  fail: 'the instance that held the message stopped before it recorded an outcome, and it is not to be sent twice',
};

function usesOfRow(row: HeldRow, now: number): readonly RateUse[] {
  const limits = limitsOf({
    account: {
      perMinute: row.limit_per_minute,
      perHour: row.limit_per_hour,
      perDay: row.limit_per_day,
      unit: row.limit_unit,
    },
    tenant: {
      perMinute: row.tenant_per_minute,
      perHour: row.tenant_per_hour,
      perDay: row.tenant_per_day,
      unit: row.tenant_unit,
    },
  });
  const lane = { accountPk: row.account_pk, tenantId: row.tenant_id };
  return usesOf(lane, limits, { messages: 1, recipients: row.units, at: now });
}
