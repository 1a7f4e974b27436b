// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Random } from '../clock.ts';
import type { DeliverySettings, RetryPolicy } from '../config/engine-config.ts';
import type { AccountRelayRow } from '../entities/account/account.model.ts';
import { parseStoredContent } from '../entities/message/stored-content.ts';
import type { Admission, CombinedHooks } from '../mixin/hooks.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { LoadClaimed, LoadedMessage } from '../queue/load-claimed.ts';
import type { Settlement } from '../queue/settle.ts';
import type { SmtpPool } from '../smtp/pool.types.ts';
import { type RecipientOutcome, settlementOf } from './attempt.ts';
import { composeMessage, hookedMessage } from './compose-message.ts';
import { poolRequest } from './relay.ts';
import { transmit } from './transmit.ts';

export interface DeliverServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly load: LoadClaimed;
  readonly accounts: { relayRow(pk: string): Promise<AccountRelayRow> };
  readonly pool: SmtpPool;
  readonly hooks: CombinedHooks;
  readonly settings: DeliverySettings;
  readonly policy: RetryPolicy;
}

export interface DeliverContext {
  readonly session: number;
  /** Asked right before MAIL. */
  readonly mayMail: () => boolean;
  /** Gives up waiting for a connection. */
  readonly signal: AbortSignal;
}

/**
 * One attempt, step by step: load, admit, compose, send, judge. Writes nothing; the settlement says what to write.
 *
 * @returns null when nothing was sent and nothing counts: the message goes back as it was
 */
export async function deliver(
  message: ClaimedMessage,
  services: DeliverServices,
  context: DeliverContext,
): Promise<Settlement | null> {
  const loaded = await services.load(message.pk);
  const settle = (outcomes: readonly RecipientOutcome[]): Settlement =>
    settlementOf(message, outcomes, {
      session: context.session,
      now: services.clock.now(),
      policy: services.policy,
      random: services.random,
      decided: loaded.decided,
    });
  if (message.expires_at !== null && message.expires_at <= services.clock.now()) {
    return expiry(message, loaded, context.session, services.clock.now());
  }
  const account = await services.accounts.relayRow(message.account_pk);
  const hooked = hookedMessage(message);
  const stored = parseStoredContent(loaded.content);
  const to = loaded.pending.map((recipient) => recipient.address);
  const admission = await services.hooks.admitting(hooked, { from: stored.returnPath, to });
  if (!admission.admit) return settle(loaded.pending.map((recipient) => notAdmitted(recipient, admission)));
  const wire = composeMessage(message, { stored, attachments: loaded.attachments }, (content) =>
    services.hooks.composing(content, hooked),
  );
  const outcomes = await transmit(wire, loaded.pending, {
    pool: services.pool,
    request: poolRequest(account, message.priority === 0, services.settings),
    mayMail: context.mayMail,
    signal: context.signal,
  });
  return outcomes === null ? null : settle(outcomes);
}

/**
 * The end of an attempt that failed by a bug of ours or of a mixin: the message waits as after a temporary failure,
 * the process goes on.
 */
export async function settlementOfBug(
  message: ClaimedMessage,
  error: unknown,
  { load, clock, policy, random }: Pick<DeliverServices, 'load' | 'clock' | 'policy' | 'random'>,
  session: number,
): Promise<Settlement> {
  const { pending, decided } = await load(message.pk);
  const reply = `internal error: ${error instanceof Error ? error.message : String(error)}`;
  const outcomes = pending.map((recipient): RecipientOutcome => ({ ...BEFORE_SENDING, recipient, reply }));
  return settlementOf(message, outcomes, { session, now: clock.now(), policy, random, decided });
}

const BEFORE_SENDING = {
  state: 'pending',
  stage: 'compose',
  code: null,
  enhanced: null,
  verdict: null,
  doubt: false,
} as const;

function notAdmitted(
  recipient: RecipientOutcome['recipient'],
  { reason, permanence }: Extract<Admission, { admit: false }>,
): RecipientOutcome {
  const state = permanence === 'permanent' ? 'failed' : 'pending';
  return { ...BEFORE_SENDING, recipient, state, stage: 'admit', reply: reason, verdict: 'policy' };
}

function expiry(message: ClaimedMessage, loaded: LoadedMessage, session: number, now: number): Settlement {
  const reason = 'expired before it could be sent';
  return {
    pk: message.pk,
    tenantId: message.tenant_id,
    session,
    now,
    state: 'final',
    result: loaded.decided.includes('sent') ? 'partially_sent' : 'expired',
    attempts: message.attempts,
    eligibleAt: null,
    lastError: reason,
    recipients: loaded.pending.map(({ position, attempts }) => ({
      position,
      state: 'expired',
      attempts,
      stage: null,
      code: null,
      enhanced: null,
      reply: reason,
      verdict: null,
    })),
    event: { type: 'expired', attempt: message.attempts, detail: { reason } },
  };
}
