// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Random } from '../clock.ts';
import type { EventDetail, EventType } from '../entities/message-event/message-event.table.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { RateUse } from '../queue/rate-limits.ts';
import type { Settlement } from '../queue/settle.ts';
import { nextRetryMs, type RetryPolicy } from '../retry-policy.ts';
import type { RecipientOutcome } from './outcome.ts';

export interface SettlementContext {
  readonly session: number;
  readonly now: number;
  /** That of the account, else of the tenant, else of the instance. */
  readonly policy: RetryPolicy;
  readonly random: Random;
  /** States of the recipients that earlier attempts decided. */
  readonly decided: readonly string[];
  /** What counts under rate limits. @defaultValue nothing */
  readonly uses?: readonly RateUse[];
  readonly durationMs?: number;
  readonly transcript?: readonly string[];
  /** The span of the attempt. */
  readonly traceparent?: string | undefined;
}

/**
 * Turn the outcomes of an attempt, one for each recipient that was still to be served, into what is written: the
 * message's state is derived from its recipients'.
 */
export function settlementOf(
  message: ClaimedMessage,
  outcomes: readonly RecipientOutcome[],
  context: SettlementContext,
): Settlement {
  const { now, session, decided, uses = [] } = context;
  const attempts = message.attempts + 1;
  const { retryAt, givenUp } = nextAttempt(message, outcomes, context);
  // Where somebody has to decide first, the others wait for that and are not given up meanwhile.
  const isInDoubt = outcomes.some((outcome) => outcome.state === 'in_doubt');
  const gaveUp = givenUp !== null && !isInDoubt && outcomes.some((outcome) => outcome.state === 'pending');
  const final = gaveUp ? outcomes.map((outcome) => giveUp(outcome, givenUp)) : outcomes;
  const pending = final.filter((outcome) => outcome.state === 'pending').length;
  const problem = final.find(({ state, reply }) => state !== 'sent' && reply !== null);
  const reason = problem === undefined ? null : reasonOf(problem, gaveUp);
  const state = isInDoubt ? 'in_doubt' : pending > 0 ? 'deferred' : 'final';
  const result = state === 'final' ? resultOf([...decided, ...final.map((outcome) => outcome.state)]) : null;
  const nextAttemptAt = state === 'deferred' ? retryAt : null;
  return {
    pk: message.pk,
    tenantId: message.tenant_id,
    session,
    now,
    state,
    result,
    attempts,
    eligibleAt: nextAttemptAt,
    lastError: reason,
    units: pending,
    uses,
    recipients: final.map(({ recipient, state, stage, code, enhanced, reply, verdict, uncounted }) => ({
      position: recipient.position,
      state,
      attempts: recipient.attempts + (uncounted === true ? 0 : 1),
      stage,
      code,
      enhanced,
      reply,
      verdict,
    })),
    event: {
      type: result === null ? (isInDoubt ? 'in_doubt' : 'deferred') : EVENT_OF[result],
      attempt: attempts,
      detail: detailOf(final, context, { reason, nextAttemptAt }),
    },
  };
}

const EVENT_OF = {
  sent: 'sent',
  partially_sent: 'partially_sent',
  failed: 'error',
  expired: 'expired',
} as const satisfies Record<string, EventType>;

/** When to try again, and what becomes of what is pending where that would be too late or too often. */
function nextAttempt(
  message: ClaimedMessage,
  outcomes: readonly RecipientOutcome[],
  { now, policy, random }: SettlementContext,
): { readonly retryAt: number; readonly givenUp: 'expired' | 'failed' | null } {
  const pending = outcomes.filter(({ state }) => state === 'pending');
  const hints = pending.flatMap(({ hintMs }) => (typeof hintMs === 'number' ? [hintMs] : []));
  const hintMs = hints.length === 0 ? null : Math.max(...hints);
  // By the recipient that was tried most often since somebody retried the message by hand, or since it was accepted.
  const attempts = Math.max(
    0,
    ...pending.map(({ recipient, uncounted }) => (uncounted === true ? 0 : recipient.attempts + 1)),
  );
  // Who was not tried has used up nothing, so only age can end the wait.
  const isUntried = attempts === 0;
  const delayMs = isUntried ? policy.baseMs : nextRetryMs(policy, { attempts, hintMs, random });
  if (delayMs === null) return { retryAt: now, givenUp: 'failed' };
  const retryAt = now + delayMs;
  if (message.expires_at !== null) return { retryAt, givenUp: retryAt >= message.expires_at ? 'expired' : null };
  return { retryAt, givenUp: retryAt >= message.created_at + policy.maxAgeMs ? 'failed' : null };
}

function giveUp(outcome: RecipientOutcome, state: 'expired' | 'failed'): RecipientOutcome {
  return outcome.state === 'pending' ? { ...outcome, state } : outcome;
}

function resultOf(states: readonly string[]): keyof typeof EVENT_OF {
  const sent = states.filter((state) => state === 'sent').length;
  if (sent === states.length) return 'sent';
  if (sent > 0) return 'partially_sent';
  return states.includes('expired') ? 'expired' : 'failed';
}

function reasonOf({ stage, code, enhanced, reply }: RecipientOutcome, gaveUp: boolean): string {
  const said = [code, enhanced, reply].filter((part) => part !== null && part !== '').join(' ');
  return `${gaveUp ? 'given up: ' : ''}${stage}: ${said}`;
}

function detailOf(
  outcomes: readonly RecipientOutcome[],
  { durationMs, transcript, traceparent }: SettlementContext,
  { reason, nextAttemptAt }: { readonly reason: string | null; readonly nextAttemptAt: number | null },
): EventDetail {
  return {
    ...(reason === null ? {} : { reason }),
    ...(nextAttemptAt === null ? {} : { nextAttemptAt }),
    ...(outcomes.some((outcome) => outcome.doubt) ? { possibleDuplicate: true } : {}),
    ...(durationMs === undefined ? {} : { durationMs: Math.round(durationMs) }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(transcript === undefined || transcript.length === 0 ? {} : { transcript }),
    recipients: outcomes.map(({ recipient, state, stage, code, enhanced, reply }) => ({
      address: recipient.address,
      state,
      stage,
      code,
      enhanced,
      reply,
    })),
  };
}
