// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { Random } from '../clock.ts';
import type { RetryPolicy } from '../config/engine-config.ts';
import type { RecipientState } from '../entities/message/message.table.ts';
import type { EventDetail, EventType } from '../entities/message-event/message-event.table.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { PendingRecipient } from '../queue/load-claimed.ts';
import type { Settlement } from '../queue/settle.ts';
import { retryDelayMs } from '../retry-delay.ts';
import { classifyFault, classifyReply } from '../smtp/classify.ts';
import type { RecipientReply } from '../smtp/session.types.ts';

/** What one attempt learnt of one recipient. */
export interface RecipientOutcome {
  readonly recipient: PendingRecipient;
  readonly state: Exclude<RecipientState, 'cancelled'>;
  readonly stage: string;
  readonly code: number | null;
  readonly enhanced: string | null;
  /** For a person: the relay's text, or what broke. */
  readonly reply: string;
  readonly verdict: string | null;
  /** The relay may have taken it although no answer arrived. */
  readonly doubt: boolean;
}

/** Read a relay's answer, or the lack of one, as the outcome for a recipient. */
export function outcomeOf(recipient: PendingRecipient, reply: RecipientReply): RecipientOutcome {
  if (reply.status === 'accepted') {
    const { code, enhanced, text } = reply.reply;
    return { recipient, state: 'sent', stage: 'dot', code, enhanced, reply: text, verdict: null, doubt: false };
  }
  if (reply.status === 'refused') {
    const { code, enhanced, text } = reply.reply;
    const { permanence, verdict } = classifyReply(reply.reply, reply.stage);
    const state = permanence === 'permanent' ? 'failed' : 'pending';
    return { recipient, state, stage: reply.stage, code, enhanced, reply: text, verdict, doubt: false };
  }
  const { stage, text } = reply.fault;
  const { verdict } = classifyFault(reply.fault);
  // A broken connection says nothing of the recipient, however often it breaks; only age ends that.
  return { recipient, state: 'pending', stage, code: null, enhanced: null, reply: text, verdict, doubt: reply.doubt };
}

export interface SettlementContext {
  readonly session: number;
  readonly now: number;
  readonly policy: RetryPolicy;
  readonly random: Random;
  /** States of the recipients that earlier attempts decided. */
  readonly decided: readonly string[];
}

/** Turn the outcomes of an attempt into what is written: the message's state is derived from its recipients'. */
export function settlementOf(
  message: ClaimedMessage,
  outcomes: readonly RecipientOutcome[],
  context: SettlementContext,
): Settlement {
  const { now, policy, random, session, decided } = context;
  const attempts = message.attempts + 1;
  const retryAt = now + retryDelayMs(attempts, policy, random);
  const giveUpAt = Math.min(message.created_at + policy.maxAgeMs, message.expires_at ?? Number.POSITIVE_INFINITY);
  const isLast = retryAt >= giveUpAt;
  const givenUp: 'expired' | 'failed' =
    message.expires_at !== null && retryAt >= message.expires_at ? 'expired' : 'failed';
  const final = outcomes.map((outcome) =>
    isLast && outcome.state === 'pending' ? { ...outcome, state: givenUp } : outcome,
  );
  const isWaiting = final.some((outcome) => outcome.state === 'pending');
  const problem = final.find((outcome) => outcome.state !== 'sent');
  const reason =
    problem === undefined ? null : reasonOf(problem, isLast && outcomes.some((o) => o.state === 'pending'));
  const ended = isWaiting ? null : resultOf([...decided, ...final.map((outcome) => outcome.state)]);
  return {
    pk: message.pk,
    tenantId: message.tenant_id,
    session,
    now,
    state: isWaiting ? 'deferred' : 'final',
    result: ended,
    attempts,
    eligibleAt: isWaiting ? retryAt : null,
    lastError: reason,
    recipients: final.map(({ recipient, state, stage, code, enhanced, reply, verdict }) => ({
      position: recipient.position,
      state,
      attempts: recipient.attempts + 1,
      stage,
      code,
      enhanced,
      reply,
      verdict,
    })),
    event: {
      type: ended === null ? 'deferred' : EVENT_OF[ended],
      attempt: attempts,
      detail: detailOf(final, reason, isWaiting ? retryAt : null),
    },
  };
}

const EVENT_OF = {
  sent: 'sent',
  partially_sent: 'partially_sent',
  failed: 'error',
  expired: 'expired',
} as const satisfies Record<string, EventType>;

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
  reason: string | null,
  nextAttemptAt: number | null,
): EventDetail {
  return {
    ...(reason === null ? {} : { reason }),
    ...(nextAttemptAt === null ? {} : { nextAttemptAt }),
    ...(outcomes.some((outcome) => outcome.doubt) ? { possibleDuplicate: true } : {}),
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
