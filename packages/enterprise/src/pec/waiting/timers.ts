// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  type Appended,
  type AppendedEvent,
  type Clock,
  isMailProxyError,
  type Leases,
  type Log,
  type MixinEvents,
  type Statement,
} from '@mail-proxy/core';
import type { PecCounts, TimeoutStage } from '../pec-metrics.ts';
import type { PecDatabase } from '../receipts.table.ts';
import { DEFAULT_SETTINGS, type PecSettingsStore } from '../settings/settings.store.ts';
import type { DueMessage, DueRecipient } from './awaited.statements.ts';
import type { AwaitedStore } from './awaited.store.ts';

export interface TimersParts {
  readonly database: Pick<PecDatabase, 'write'>;
  readonly awaited: AwaitedStore;
  readonly settings: Pick<PecSettingsStore, 'of'>;
  readonly events: MixinEvents;
  readonly counts: PecCounts;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often it is looked for what was sent, and for what is due. */
export const LOOK_MS = 15_000;
/** After a start nothing is missed before mailboxes could be read: what came while nobody looked lies in them. */
export const START_MS = 300_000;
const ROWS = 200;
const MINUTE_MS = 60_000;

/**
 * Waits for receipts, by one of all instances. All is in the database: what a relay took is known by its recipients, and what
 * is due by its row, so that neither a crash nor a pause loses anything. An end of waiting and its event are one unit, which
 * fails where a receipt came meanwhile.
 */
export async function runTimers(parts: TimersParts, signal: AbortSignal): Promise<void> {
  const { leases, clock, log } = parts;
  const missesFrom = clock.monotonic() + START_MS;
  while (!signal.aborted) {
    try {
      if (await leases.take('timers')) {
        await collect(parts, signal);
        if (clock.monotonic() >= missesFrom) await tellOfDue(parts, signal);
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'receipts could not be waited for; it is tried again');
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

/** Begin to wait for what relays took. */
async function collect({ database, awaited, settings }: TimersParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const found = await awaited.toCollect(ROWS);
    const tenantIds = [...new Set(found.map(({ tenant_id }) => tenant_id))];
    const own = await settings.of(tenantIds);
    const statements = found.flatMap(({ message_pk, tenant_id }) => {
      const { acceptanceTimeoutMinutes } = own.get(tenant_id) ?? DEFAULT_SETTINGS;
      return awaited.collect(message_pk, acceptanceTimeoutMinutes * MINUTE_MS);
    });
    if (statements.length > 0) await database.write(statements);
    if (found.length < ROWS) return;
  }
}

async function tellOfDue(parts: TimersParts, signal: AbortSignal): Promise<void> {
  const { awaited, clock } = parts;
  while (!signal.aborted) {
    const now = clock.now();
    const messages = await awaited.dueMessages(now, ROWS);
    for (const due of messages) {
      await tell(parts, { ended: awaited.messageTimedOut(due, now), event: eventOfMessage(due), stage: 'acceptance' });
    }
    const recipients = await awaited.dueRecipients(now, ROWS);
    for (const due of recipients) {
      await tell(parts, {
        ended: awaited.recipientTimedOut(due, now),
        event: eventOfRecipient(due),
        stage: due.awaits,
      });
    }
    if (messages.length < ROWS && recipients.length < ROWS) return;
  }
}

interface Timeout {
  readonly ended: Statement;
  readonly event: AppendedEvent;
  readonly stage: TimeoutStage;
}

async function tell({ database, events, counts }: TimersParts, { ended, event, stage }: Timeout): Promise<void> {
  const appended: Appended = events.append(event);
  try {
    await database.write([ended, ...appended.statements]);
  } catch (error) {
    // A receipt came, or another instance told of it.
    if (isMailProxyError(error, 'lease_lost')) return;
    throw error;
  }
  if (await appended.committed()) counts.timedOut(stage);
}

function eventOfMessage({ message_pk, tenant_id, due_at }: DueMessage): AppendedEvent {
  return {
    messagePk: message_pk,
    tenantId: tenant_id,
    type: 'pec_timeout',
    once: 'timeout:acceptance',
    reason: 'neither accepted nor refused by its provider in time',
    extra: { ...NOTHING_SAID, stage: 'acceptance', recipient: null, awaited_until: timeOf(due_at), is_final: false },
  };
}

function eventOfRecipient({ message_pk, tenant_id, position, address, awaits, due_at }: DueRecipient): AppendedEvent {
  const isFinal = awaits === 'delivery';
  const reason = isFinal ? 'no receipt of its delivery came in time' : 'no receipt of its delivery came so far';
  return {
    messagePk: message_pk,
    tenantId: tenant_id,
    type: 'pec_timeout',
    once: `timeout:${awaits}:${position}`,
    reason,
    feedback: {
      ...{ recipient: address, bounceType: null, code: null, status: null, reasonClass: 'expired' },
      ...{ permanence: isFinal ? 'permanent' : 'temporary', addressDead: false, reportedBy: null, feedbackType: null },
    },
    extra: { ...NOTHING_SAID, stage: awaits, recipient: address, awaited_until: timeOf(due_at), is_final: isFinal },
  };
}

/** What events of receipts have, and this one has not. */
const NOTHING_SAID = { pec_timestamp: null, error_reason: null };

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
