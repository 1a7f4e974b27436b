// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PendingRecipient } from '../queue/load-claimed.ts';
import { classifyConnectError } from '../smtp/classify.ts';
import { isStaleConnection } from '../smtp/pool.ts';
import type { PooledSession, SmtpPool } from '../smtp/pool.types.ts';
import { type RecipientReply, SmtpConnectError } from '../smtp/session.types.ts';
import { outcomeOf, type RecipientOutcome } from './attempt.ts';
import type { WireMessage } from './compose-message.ts';
import type { PoolRequest } from './relay.ts';

/** RFC 5321 §4.5.3.1.8: a relay must take this many in one transaction, so no more are put there. */
const RECIPIENTS_PER_TRANSACTION = 100;

/** Dead connections met in a row before the answer counts; each was idle and is replaced at once. */
const MAX_STALE = 100;

export interface Transmission {
  readonly pool: SmtpPool;
  readonly request: PoolRequest;
  /** Asked right before MAIL, the point of no return. */
  readonly mayMail: () => boolean;
  readonly signal: AbortSignal;
}

/**
 * Send a message to the recipients, in as many transactions as they need.
 *
 * @returns null when nothing was sent because this engine stops or lost its session: the attempt does not count
 */
export async function transmit(
  wire: WireMessage,
  recipients: readonly PendingRecipient[],
  transmission: Transmission,
): Promise<readonly RecipientOutcome[] | null> {
  const outcomes: RecipientOutcome[] = [];
  for (let first = 0; first < recipients.length; first += RECIPIENTS_PER_TRANSACTION) {
    const group = recipients.slice(first, first + RECIPIENTS_PER_TRANSACTION);
    const replies = await sendGroup(wire, group, transmission);
    // Groups before this one were sent, so the attempt counts; the rest stays pending for the next.
    if (replies === null) return outcomes.length === 0 ? null : outcomes;
    outcomes.push(...replies);
  }
  return outcomes;
}

async function sendGroup(
  wire: WireMessage,
  group: readonly PendingRecipient[],
  { pool, request, mayMail, signal }: Transmission,
): Promise<readonly RecipientOutcome[] | null> {
  const to = group.map((recipient) => recipient.address);
  const transaction = { from: wire.from, to, smtpUtf8: wire.needsSmtpUtf8(to), body: wire.bytes };
  for (let stale = 0; ; stale++) {
    let pooled: PooledSession;
    try {
      pooled = await pool.acquire(request.key, request.relay, request.limits, signal);
    } catch (error) {
      if (!(error instanceof SmtpConnectError)) throw error;
      return error.fault.kind === 'aborted' ? null : group.map((recipient) => unreachable(recipient, error));
    }
    let replies: readonly RecipientReply[];
    try {
      replies = await pooled.session.send(transaction, mayMail);
    } finally {
      pooled.release();
    }
    if (stale < MAX_STALE && isStaleConnection(replies, pooled)) continue;
    if (replies.some(wasAborted)) return null;
    return group.map((recipient, index) => outcomeOf(recipient, replyFor(replies, index)));
  }
}

function replyFor(replies: readonly RecipientReply[], index: number): RecipientReply {
  const reply = replies[index];
  if (reply === undefined) throw new Error('the session answered for fewer recipients than it was given');
  return reply;
}

function wasAborted(reply: RecipientReply): boolean {
  return reply.status === 'broken' && reply.fault.kind === 'aborted' && !reply.doubt;
}

/** No session could be opened: whatever the reason, it says nothing of the recipients. */
function unreachable(recipient: PendingRecipient, error: SmtpConnectError): RecipientOutcome {
  const { reply, fault } = error;
  return {
    recipient,
    state: 'pending',
    stage: fault.stage,
    code: reply?.code ?? null,
    enhanced: reply?.enhanced ?? null,
    reply: reply?.text ?? fault.text,
    verdict: classifyConnectError(error).verdict,
    doubt: false,
  };
}
