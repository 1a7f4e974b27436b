// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, systemClock } from '../clock.ts';
import { type Database, UniqueViolation } from '../database/database.ts';
import { type GatheredUnit, Gathering } from '../database/gathering.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { Statement } from '../database/statement.ts';
import type { Capture } from '../entities/captured-mail/capture.ts';
import type { MessageRecipientsTable, MessagesTable } from '../entities/message/message.table.ts';
import type { EventDetail, EventType } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { JudgedStrike, Suppress } from '../entities/suppression/suppress.ts';
import { isMailProxyError } from '../errors.ts';
import type { MakePk } from '../identity.ts';
import type { TakenMail } from '../smtp/sandbox/sandbox.types.ts';
import type { HandoffMarks } from './handoff-marks.ts';
import { prepareLockMessages } from './lock-messages.ts';
import { orLeaseLost } from './or-lease-lost.ts';
import { prepareOwnersRecords } from './owners-records.ts';
import type { RateUse } from './rate-limits.ts';
import { ownedByLivingSession, prepareSettleStatements } from './settle-statements.ts';

/** What an attempt decided, complete: the new state, each recipient it touched, one line of history. */
export interface Settlement {
  readonly pk: string;
  readonly tenantId: string;
  readonly session: number;
  /** Milliseconds. */
  readonly now: number;
  readonly state: Extract<MessagesTable['state'], 'ready' | 'deferred' | 'in_doubt' | 'final'>;
  /** Given exactly when the state is final. */
  readonly result: MessagesTable['result'];
  readonly attempts: number;
  /** Tries to fetch its attachments that failed for now; kept where it is absent. */
  readonly fetchAttempts?: number;
  /** When it may be tried again; kept where it is null. */
  readonly eligibleAt: number | null;
  readonly lastError: string | null;
  /** Recipients that are still to be served. */
  readonly units: number;
  /** What counts under rate limits. */
  readonly uses: readonly RateUse[];
  /** One without a stage was not tried: what an earlier attempt learnt of it stays. */
  readonly recipients: readonly Omit<MessageRecipientsTable, 'message_pk' | 'kind' | 'address' | 'updated_at'>[];
  readonly event: { readonly type: EventType; readonly attempt: number; readonly detail: EventDetail };
  /** What it found out against addresses; by this event. @defaultValue nothing */
  readonly strikes?: readonly Omit<JudgedStrike, 'tenantId' | 'eventPk' | 'at'>[];
  /** Keys of entries of the suppression list that stopped mail to recipients. @defaultValue none */
  readonly stoppedBy?: readonly string[];
  /** What a sandbox took of it. @defaultValue nothing */
  readonly captured?: readonly TakenMail[];
}

/** How long an outcome waits at most for others that are expected: each commit costs as much as writing many of them. */
const MAX_WAIT_MS = 20;

/**
 * Write an outcome; written again after a commit in doubt, the same settlement finds itself written, if it was.
 *
 * @param expected - outcomes that are about to come, this one counted in: it waits a moment for them. @defaultValue 1
 * @throws {MailProxyError} `lease_lost`: the message is another session's by now, nothing was written
 * @throws {CommitInDoubt}
 */
export type Settle = (settlement: Settlement, expected?: number) => Promise<void>;

/**
 * Write the end of an attempt: state, recipients, event and what counts under limits, all or nothing, and only as the
 * owner. Outcomes that wait for the writer together share their statements; one whose message was lost meanwhile is
 * left out of them. Marks of other messages that wait go along, and are lost without harm if the unit fails.
 */
export function prepareSettle(
  db: Database<CoreSchema>,
  makePk: MakePk,
  {
    marks,
    suppress,
    capture,
    clock = systemClock,
  }: {
    readonly marks?: HandoffMarks;
    readonly suppress?: Suppress;
    readonly capture?: Capture;
    readonly clock?: Clock;
  } = {},
): Settle {
  const statements = prepareSettleStatements(db);
  const lock = prepareLockMessages(db);
  const records = prepareOwnersRecords(db, ownedByLivingSession);

  const findEvent = db.prepare<{ pk: string }, { pk: string }>((k, p) =>
    k.selectFrom('message_events').select('pk').where('pk', '=', p.pk),
  );
  /** Settlements whose commit is in doubt, each with the key of its event, by which it is recognised. */
  const inDoubt = new WeakMap<Settlement, string>();

  const unit = (settlements: readonly Settlement[]): GatheredUnit<Settlement, void> => {
    const sessions = new Set(settlements.map(({ session }) => session));
    const { keepSession } = statements;
    const doubtful = settlements.filter((settlement) => inDoubt.has(settlement));
    const eventPks = new Map(
      settlements.map((settlement) => [settlement.pk, inDoubt.get(settlement) ?? makePk()] as const),
    );
    const before = [
      ...(keepSession === null ? [] : [...sessions].map((session) => keepSession.bind({ session }))),
      // Waits for the transactions in doubt, so that what they wrote is to be seen.
      ...lock(doubtful),
      ...updatesOfRecipients(settlements).map((rows) => statements.recipients.bind({ rows })),
      ...records(
        settlements.map(({ pk, tenantId, session, now, event, uses }) => ({
          event: { ...event, pk: eventPks.get(pk) ?? makePk(), tenantId, messagePk: pk, at: now },
          session,
          uses,
        })),
      ),
    ];
    const update = statements.messages.bind({ rows: rowsJson(settlements.map(messageRow)) });
    return {
      statements: [
        ...before,
        update,
        ...strikesOf(settlements, eventPks, suppress),
        ...capturesOf(settlements, eventPks, capture),
        ...(marks?.take() ?? []),
      ],
      outcome: (results) => orLeaseLost(results[before.length]),
      onDoubt(settlement) {
        const eventPk = eventPks.get(settlement.pk);
        if (eventPk !== undefined) inDoubt.set(settlement, eventPk);
      },
    };
  };
  const gathering = new Gathering<Settlement, void>(db, {
    unit,
    keyOf: ({ pk }) => pk,
    sizeOf,
    company: { clock, maxWaitMs: MAX_WAIT_MS },
  });

  return async (settlement, expected) => {
    marks?.forget(settlement.pk);
    try {
      await gathering.write(settlement, expected);
    } catch (error) {
      // Its message is nobody's any more, or has been claimed by the same session again: then the event is there twice.
      const mayBeWritten = isMailProxyError(error, 'lease_lost') || error instanceof UniqueViolation;
      const eventPk = mayBeWritten ? inDoubt.get(settlement) : undefined;
      if (eventPk !== undefined && (await db.read(findEvent.bind({ pk: eventPk }))).length === 1) return;
      throw error;
    }
  };
}

function messageRow({ pk, session, state, result, attempts, now, ...settlement }: Settlement) {
  return {
    pk,
    session,
    state,
    result,
    attempts,
    fetch_attempts: settlement.fetchAttempts ?? null,
    eligible_at: settlement.eligibleAt,
    last_error: settlement.lastError,
    units: settlement.units,
    updated_at: now,
    final_at: state === 'final' ? now : null,
  };
}

/** They count only where the event was stored: not those of a message that was lost meanwhile. */
function strikesOf(
  settlements: readonly Settlement[],
  eventPks: ReadonlyMap<string, string>,
  suppress: Suppress | undefined,
): readonly Statement[] {
  const strikes = settlements.flatMap(({ pk, tenantId, now, strikes = [] }) =>
    strikes.map((strike): JudgedStrike => ({ ...strike, tenantId, at: now, eventPk: eventPks.get(pk) ?? null })),
  );
  return strikes.length === 0 ? [] : (suppress?.(strikes) ?? []);
}

/** They are kept only where the event was stored, as strikes count. */
function capturesOf(
  settlements: readonly Settlement[],
  eventPks: ReadonlyMap<string, string>,
  capture: Capture | undefined,
): readonly Statement[] {
  return settlements.flatMap(({ pk: messagePk, attempts: attempt, now: at, captured = [] }) => {
    const eventPk = eventPks.get(messagePk);
    if (eventPk === undefined) return [];
    return captured.flatMap((mail, index) => capture?.(mail, { messagePk, attempt, at, eventPk, index }) ?? []);
  });
}

/** One parameter, or none where no recipient was touched. */
function updatesOfRecipients(settlements: readonly Settlement[]): readonly string[] {
  const rows = settlements.flatMap(({ pk, session, now, recipients }) =>
    recipients.map((recipient) => ({ ...recipient, message_pk: pk, session, updated_at: now })),
  );
  return rows.length === 0 ? [] : [rowsJson(rows)];
}

/** About what a recipient weighs twice, in its own row and in the event. */
const RECIPIENT_BYTES = 600;

function sizeOf({ recipients, captured = [] }: Settlement): number {
  return captured.reduce((sum, { bytes }) => sum + bytes.byteLength, recipients.length * RECIPIENT_BYTES);
}
