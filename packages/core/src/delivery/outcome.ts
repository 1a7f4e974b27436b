// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { OnInDoubt } from '../entities/message/message.table.ts';
import type { PendingRecipient } from '../queue/load-recipients.ts';
import type { ReplyRule } from '../smtp/classification.types.ts';
import { classifyConnectError, classifyFault, classifyReply } from '../smtp/classify.ts';
import { addressDead } from '../smtp/reply-reasons.ts';
import { retryHintMs } from '../smtp/retry-hint.ts';
import type { RecipientReply, SmtpConnectError } from '../smtp/session.types.ts';

/** What one attempt learnt of one recipient. */
export interface RecipientOutcome {
  readonly recipient: PendingRecipient;
  readonly state: 'sent' | 'failed' | 'pending' | 'in_doubt' | 'expired';
  readonly stage: string | null;
  readonly code: number | null;
  readonly enhanced: string | null;
  /** For a person: the relay's text, or what broke. */
  readonly reply: string | null;
  readonly verdict: string | null;
  /** The relay may have taken it although no answer arrived. */
  readonly doubt: boolean;
  /** Nothing was tried for this recipient, or nothing that says anything of it: no attempt is counted. */
  readonly uncounted?: boolean;
  /** The relay said that the address takes no mail, now or later. */
  readonly isAddressDead?: boolean;
  /** How long the relay asks to wait, in milliseconds. */
  readonly hintMs?: number | null;
  /** How long the account is to be left alone, in milliseconds, where that is known. */
  readonly accountRestMs?: number | undefined;
}

/** By what an answer is judged. */
export interface Judgement {
  readonly rules: readonly ReplyRule[];
  readonly onInDoubt: OnInDoubt;
}

/** Read a relay's answer, or the lack of one, as the outcome for a recipient. */
export function outcomeOf(recipient: PendingRecipient, reply: RecipientReply, judgement: Judgement): RecipientOutcome {
  if (reply.status === 'accepted') {
    const { code, enhanced, text } = reply.reply;
    return { recipient, state: 'sent', stage: 'dot', code, enhanced, reply: text, verdict: null, doubt: false };
  }
  if (reply.status === 'refused') {
    const { code, enhanced, text } = reply.reply;
    const { permanence, verdict } = classifyReply(reply.reply, reply.stage, judgement.rules);
    const isForNow = permanence === 'temporary';
    return {
      recipient,
      state: isForNow ? 'pending' : 'failed',
      stage: reply.stage,
      code,
      enhanced,
      reply: text,
      verdict,
      doubt: false,
      // The account's fault is no attempt of the message's.
      uncounted: verdict === 'account',
      hintMs: isForNow ? retryHintMs(text) : null,
      ...(!isForNow && isDead(reply, verdict) ? { isAddressDead: true } : {}),
    };
  }
  const { stage, text } = reply.fault;
  const { verdict } = classifyFault(reply.fault);
  const broken = {
    recipient,
    stage,
    code: null,
    enhanced: null,
    verdict,
    doubt: reply.doubt,
    // TLS may fail at any time; in doubt the relay may have taken it, so that it was an attempt.
    uncounted: verdict === 'account' && !reply.doubt,
  };
  // A broken connection says nothing of the recipient, however often it breaks; only age ends that.
  if (!reply.doubt || judgement.onInDoubt === 'retry') return { ...broken, state: 'pending', reply: text };
  return judgement.onInDoubt === 'hold'
    ? { ...broken, state: 'in_doubt', reply: text }
    : { ...broken, state: 'failed', reply: `the relay may have taken it, and it is not to be sent twice: ${text}` };
}

/** A reply to RCPT is about that address alone; behind DATA it may be about any of them. */
function isDead({ reply, stage }: Extract<RecipientReply, { status: 'refused' }>, verdict: string): boolean {
  return stage === 'rcpt' && verdict === 'recipient' && addressDead(reply);
}

/** No session could be opened: whatever the reason, it says nothing of the recipients. */
export function unreachable(
  recipient: PendingRecipient,
  error: SmtpConnectError,
  { rules }: Pick<Judgement, 'rules'>,
): RecipientOutcome {
  const { reply, fault } = error;
  const { verdict } = classifyConnectError(error, rules);
  return {
    recipient,
    state: 'pending',
    stage: fault.stage,
    code: reply?.code ?? null,
    enhanced: reply?.enhanced ?? null,
    reply: reply?.text ?? fault.text,
    verdict,
    doubt: false,
    uncounted: verdict === 'account',
    hintMs: reply === null ? null : retryHintMs(reply.text),
    accountRestMs: fault.retryAfterMs,
  };
}

/** A recipient whose turn did not come in this attempt. */
export function untried(recipient: PendingRecipient): RecipientOutcome {
  return {
    recipient,
    state: 'pending',
    stage: null,
    code: null,
    enhanced: null,
    reply: null,
    verdict: null,
    doubt: false,
    uncounted: true,
  };
}
