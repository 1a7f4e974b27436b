// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Random } from '../clock.ts';
import type { DeliverySettings } from '../config/engine-config.ts';
import type { AccountRelayRow } from '../entities/account/account.model.ts';
import type { PauseReason } from '../entities/account/account-pause.store.ts';
import { parseStoredContent, type StoredContent } from '../entities/message/stored-content.ts';
import type { FindSuppressed } from '../entities/suppression/suppression-check.ts';
import { isMailProxyError, type MailProxyError } from '../errors.ts';
import { isLate } from '../mixin/answers.ts';
import type { CombinedHooks } from '../mixin/hooks.ts';
import type { Log } from '../observability/log.ts';
import type { OnStage } from '../observability/stages.ts';
import type { Traced, Traces } from '../observability/traces.ts';
import type { OutgoingPolicy } from '../outgoing/outgoing-http.types.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { HandoffMarks } from '../queue/handoff-marks.ts';
import type { LoadClaimed, LoadedMessage } from '../queue/load-claimed.ts';
import type { LoadRecipients } from '../queue/load-recipients.ts';
import type { MayHaveArrived } from '../queue/may-have-arrived.ts';
import { limitsOf, usesOf } from '../queue/rate-limits.ts';
import type { Settlement } from '../queue/settle.ts';
import { releaseMemory } from '../release-memory.ts';
import { type RetryPolicy, resolveRetryPolicy } from '../retry-policy.ts';
import type { DkimSigningKey } from '../smtp/compose/dkim.ts';
import type { LockStepRelays } from '../smtp/lock-step-relays.ts';
import type { OAuthTokens } from '../smtp/oauth-tokens.ts';
import type { SmtpPool } from '../smtp/pool.types.ts';
import type { TakenMail } from '../smtp/sandbox/sandbox.types.ts';
import type { StopSignal } from '../stop-signal.ts';
import { settlementOf } from './attempt.ts';
import { composeMessage, hookedMessage, inEnvelope } from './compose-message.ts';
import { notAdmitted } from './not-admitted.ts';
import { type RecipientOutcome, untried } from './outcome.ts';
import { outgoingMail } from './outgoing-mail.ts';
import { poolRequest } from './relay.ts';
import type { Place } from './send-order.ts';
import { allServed, splitRecipients, strikesOf } from './suppressed-recipients.ts';
import { type Transmitted, transmit } from './transmit.ts';

export interface DeliverServices {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly load: LoadClaimed;
  readonly recipients: LoadRecipients;
  /** Who is not to be written to. */
  readonly findSuppressed: FindSuppressed;
  readonly mayHaveArrived: MayHaveArrived;
  readonly accounts: { relayRow(pk: string): Promise<AccountRelayRow> };
  /** Keys with which mail from `domain` is signed. */
  readonly signingKeys: (tenantId: string, accountPk: string, domain: string) => Promise<readonly DkimSigningKey[]>;
  readonly pool: SmtpPool;
  readonly tokens: OAuthTokens;
  readonly outgoing: OutgoingPolicy;
  /** This instance's part of an account's connections. */
  readonly shareOf: (accountPk: string) => number;
  readonly lockStepRelays: LockStepRelays;
  readonly marks: Pick<HandoffMarks, 'note' | 'write'>;
  readonly hooks: CombinedHooks;
  readonly settings: DeliverySettings;
  /** The instance's; tenants and accounts may have their own. */
  readonly policy: RetryPolicy;
  /** Credentials or TLS of the account failed: its mail waits, uncounted; for `restMs`, where that is known. */
  readonly accountTrouble: (account: AccountRelayRow, reason: PauseReason, restMs?: number) => Promise<void>;
  /** Whether the account was found to fail since this mail was claimed, so that it may not ask for a connection. */
  readonly accountRests: (accountPk: string) => Promise<boolean>;
  /** The relay took us in. */
  readonly accountWell: (account: AccountRelayRow) => void;
  /** The relay could be reached, or not. */
  readonly pathTried: (account: AccountRelayRow, isReached: boolean) => void;
  /** A stage of an attempt came to its end. */
  readonly onStage: OnStage;
  /** @defaultValue nothing is traced */
  readonly traces?: Pick<Traces, 'attempt'>;
  /** The relay said 421 to an attempt that began then; monotonic milliseconds. */
  readonly slowDown: (account: AccountRelayRow, startedAt: number) => void;
}

export interface DeliverContext {
  readonly session: number;
  /** Asked right before MAIL. */
  readonly mayMail: () => boolean;
  /** Asked right before the message itself: its session is still the one that claimed it. @defaultValue it is */
  readonly isOurs?: () => boolean;
  /** Among the attempts of the account. */
  readonly place: Place;
  /** Gives up waiting for a connection. */
  readonly signal: StopSignal;
}

/**
 * One attempt, step by step: load, admit, address the envelope, compose, look once more, send, judge. Writes nothing but
 * the mark of the hand-over; the settlement says what to write.
 *
 * @returns null when nothing was sent and nothing counts: the message goes back as it was
 */
export async function deliver(
  message: ClaimedMessage,
  services: DeliverServices,
  context: DeliverContext,
): Promise<Settlement | null> {
  const startedAt = services.clock.monotonic();
  const [loaded, account] = await Promise.all([
    services.load(message.pk),
    services.accounts.relayRow(message.account_pk),
  ]);
  const stored = parseStoredContent(loaded.content);
  const { traceparent } = stored;
  const traced = traceparent === undefined ? undefined : services.traces?.attempt(traceparent, attributesOf(message));
  try {
    const settlement = await attempt(message, services, { ...context, startedAt, loaded, account, stored, traced });
    traced?.end(...endOf(settlement));
    return settlement;
  } catch (error) {
    traced?.end({}, isMailProxyError(error) ? error.code : 'internal');
    throw error;
  }
}

/** An attempt with all that it is made of. */
interface LoadedAttempt extends DeliverContext {
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly loaded: LoadedMessage;
  readonly account: AccountRelayRow;
  readonly stored: StoredContent;
  readonly traced: Traced | undefined;
}

async function attempt(
  message: ClaimedMessage,
  services: DeliverServices,
  context: LoadedAttempt,
): Promise<Settlement | null> {
  const { clock, random } = services;
  const { startedAt, loaded, account, stored, traced } = context;
  const isTooLate = (): boolean => message.expires_at !== null && message.expires_at <= clock.now();
  const expired = (): Settlement => expiry(message, loaded, context.session, clock.now());
  if (isTooLate()) return expired();
  const { served, suppressed, stopped } = stored.ignoresSuppressions
    ? allServed(loaded.pending)
    : await splitRecipients(message, loaded.pending, services);
  const settle = (outcomes: readonly RecipientOutcome[], transmitted?: Transmitted): Settlement => ({
    // What a relay said of the others is the better reason.
    ...settlementOf(message, [...outcomes, ...suppressed], {
      session: context.session,
      now: clock.now(),
      policy: resolveRetryPolicy(services.policy, account.tenant.retry, account.retry),
      random,
      decided: loaded.decided,
      durationMs: clock.monotonic() - startedAt,
      traceparent: traced?.traceparent,
      ...(transmitted === undefined ? {} : sentOf(message, account, { transmitted, at: clock.now() })),
    }),
    ...stopped,
    ...strikesOf(outcomes, account.tenant.suppression),
  });
  if (served.length === 0) return settle([]);
  const hooked = hookedMessage(message);
  const to = served.map((recipient) => recipient.address);
  const envelope = { from: stored.returnPath, to };
  const asked = services.hooks.admitting(hooked, envelope);
  const admission = isLate(asked) ? await asked : asked;
  if (!admission.admit) return settle(await notAdmitted(message, served, admission, services));
  const chosen = services.hooks.enveloping(hooked, envelope);
  const enveloping = isLate(chosen) ? await chosen : chosen;
  const keys = await services.signingKeys(message.tenant_id, message.account_pk, domainOf(stored.from.address));
  const composed = await composeMessage(
    message,
    { stored, attachments: loaded.attachments, detached: loaded.detached },
    (content) => services.hooks.composing(content, hooked),
    keys,
  );
  // They were copied into the message.
  for (const { bytes } of loaded.attachments) if (bytes instanceof Uint8Array) releaseMemory(bytes);
  const wire = inEnvelope(composed, enveloping);
  if (services.hooks.sending !== null) {
    const recipients = loaded.pending.length + loaded.decided.length;
    const looked = services.hooks.sending(hooked, outgoingMail(wire, to, { recipients, detached: loaded.detached }));
    const last = isLate(looked) ? await looked : looked;
    if (!last.admit) return settle(await notAdmitted(message, served, last, services));
  }
  await context.place.reached(clock);
  if (await services.accountRests(account.pk)) return null;
  let isExpired = false;
  const captured: TakenMail[] = [];
  const transmitting = transmit(wire, served, {
    pool: services.pool,
    request: poolRequest(account, {
      isImmediate: message.priority === 0,
      sizeBytes: wire.body.byteLength,
      share: () => services.shareOf(account.pk),
      settings: services.settings,
      tokens: services.tokens,
      outgoing: services.outgoing,
    }),
    lockStepRelays: services.lockStepRelays,
    judgement: { rules: account.tenant.replyRules, onInDoubt: message.on_in_doubt },
    mayMail() {
      if (!context.mayMail()) return false;
      // A connection may have been long in coming. From here on nobody else can stop it, so its end is decided here.
      isExpired = isTooLate();
      return !isExpired;
    },
    isOurs: context.isOurs,
    handOver: handOver(message, services),
    onStage: stageListener(services.onStage, traced),
    signal: context.signal,
    onTaken: account.type === 'sandbox' ? (mail) => void captured.push(mail) : undefined,
  });
  // It stands in line for a connection by now.
  context.place.pass();
  const transmitted = await transmitting;
  if (transmitted === null) return isExpired ? expired() : null;
  if (transmitted.isGone && wire.body instanceof Uint8Array) releaseMemory(wire.body);
  // Nothing but the account's fault: the mail has nothing to do with it.
  const isUncounted = transmitted.outcomes.every(({ uncounted }) => uncounted === true);
  const settlement = isUncounted ? null : withCaptured(settle(transmitted.outcomes, transmitted), captured);
  try {
    await tellAccount(account, { ...transmitted, startedAt }, services);
  } catch (error) {
    // What the relay took must be recorded, or it would be sent twice.
    if (settlement === null) throw error;
    services.log.error({ accountPk: account.pk, err: error }, 'the trouble of an account could not be recorded');
  }
  return settlement;
}

function attributesOf(message: ClaimedMessage): Readonly<Record<string, string | number>> {
  return { 'messaging.message.id': message.message_id, tenant_id: message.tenant_id, attempt: message.attempts + 1 };
}

/** How the span of an attempt ends; one without a settlement goes back as it was. */
function endOf(settlement: Settlement | null): Parameters<Traced['end']> {
  if (settlement === null) return [{ outcome: 'unsent' }];
  const outcome = settlement.event.type;
  return [{ outcome }, outcome === 'sent' ? null : settlement.lastError];
}

function stageListener(onStage: OnStage, traced: Traced | undefined): OnStage {
  if (traced === undefined) return onStage;
  return (stage, ms) => {
    onStage(stage, ms);
    traced.onStage(stage, ms);
  };
}

/**
 * The end of an attempt that failed by a bug of ours or of a mixin: the message waits as after a temporary failure,
 * the process goes on.
 */
export async function settlementOfBug(
  message: ClaimedMessage,
  error: unknown,
  { recipients, clock, policy, random }: Pick<DeliverServices, 'recipients' | 'clock' | 'policy' | 'random'>,
  session: number,
): Promise<Settlement> {
  const { pending, decided } = await recipients(message.pk);
  const reply = `internal error: ${error instanceof Error ? error.message : String(error)}`;
  const outcomes = pending.map((recipient): RecipientOutcome => ({ ...BEFORE_SENDING, recipient, reply }));
  return settlementOf(message, outcomes, { session, now: clock.now(), policy, random, decided });
}

/** The end of an attempt for which a secret could not be opened: the message waits for an operator, at no one's cost. */
export async function settlementOfMissingKey(
  message: ClaimedMessage,
  { message: reply }: MailProxyError,
  { recipients, clock, policy, random }: Pick<DeliverServices, 'recipients' | 'clock' | 'policy' | 'random'>,
  session: number,
): Promise<Settlement> {
  const { pending, decided } = await recipients(message.pk);
  const outcomes = pending.map((recipient): RecipientOutcome => ({ ...untried(recipient), stage: 'compose', reply }));
  return settlementOf(message, outcomes, { session, now: clock.now(), policy, random, decided });
}

/** The end of a message that its account rejects for a rate limit. */
export async function settlementOfRejection(
  message: ClaimedMessage,
  { recipients, clock, policy, random }: Pick<DeliverServices, 'recipients' | 'clock' | 'policy' | 'random'>,
): Promise<Settlement> {
  const { pending, decided } = await recipients(message.pk);
  const reply = 'the rate limit of the account is reached, and it rejects what is over it';
  const outcomes = pending.map(
    (recipient): RecipientOutcome => ({
      ...untried(recipient),
      state: 'failed',
      stage: 'admit',
      reply,
      verdict: 'account',
    }),
  );
  return settlementOf(message, outcomes, {
    session: message.owner_session,
    now: clock.now(),
    policy,
    random,
    decided,
  });
}

/** Under `retry` nobody waits for the mark. Several transactions of one attempt need one mark. */
function handOver(message: ClaimedMessage, { marks, clock }: Pick<DeliverServices, 'marks' | 'clock'>) {
  let isMarked = false;
  return async (): Promise<void> => {
    if (isMarked) return;
    isMarked = true;
    if (message.on_in_doubt === 'retry') marks.note(message, clock.now());
    else await marks.write(message, clock.now());
  };
}

async function tellAccount(
  account: AccountRelayRow,
  { outcomes, isAccountWell, isReached, isClosing, startedAt }: Transmitted & { readonly startedAt: number },
  services: Pick<DeliverServices, 'accountTrouble' | 'accountWell' | 'pathTried' | 'slowDown'>,
): Promise<void> {
  if (isClosing) services.slowDown(account, startedAt);
  if (isReached !== null) services.pathTried(account, isReached);
  const trouble = outcomes.find(({ verdict }) => verdict === 'account');
  if (trouble === undefined) {
    if (isAccountWell) services.accountWell(account);
    return;
  }
  const { stage, code, enhanced, reply, accountRestMs } = trouble;
  const reason = { stage: stage ?? 'connect', code, enhanced, reply: reply ?? '' };
  await services.accountTrouble(account, reason, accountRestMs);
}

function sentOf(
  { account_pk: accountPk, tenant_id: tenantId }: ClaimedMessage,
  account: AccountRelayRow,
  { transmitted, at }: { readonly transmitted: Transmitted; readonly at: number },
) {
  const limits = limitsOf({ account: account.limits, tenant: account.tenant.limits });
  const uses = usesOf({ accountPk, tenantId }, limits, { ...transmitted.sent, at });
  return { uses, transcript: transmitted.transcript };
}

/** What a sandbox took is written with the outcome, so that neither is there without the other. */
function withCaptured(settlement: Settlement, captured: readonly TakenMail[]): Settlement {
  return captured.length === 0 ? settlement : { ...settlement, captured };
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

const BEFORE_SENDING = {
  state: 'pending',
  stage: 'compose',
  code: null,
  enhanced: null,
  verdict: null,
  doubt: false,
} as const;

function expiry(message: ClaimedMessage, loaded: LoadedMessage, session: number, now: number): Settlement {
  const reason = 'expired before it could be sent';
  const result = loaded.decided.includes('sent') ? 'partially_sent' : 'expired';
  return {
    pk: message.pk,
    tenantId: message.tenant_id,
    session,
    now,
    state: 'final',
    result,
    attempts: message.attempts,
    eligibleAt: null,
    lastError: reason,
    units: 0,
    uses: [],
    recipients: loaded.pending.map(({ position, attempts }) => ({
      position,
      state: 'expired',
      attempts,
      stage: null,
      code: null,
      enhanced: null,
      reply: null,
      verdict: null,
    })),
    event: { type: result, attempt: message.attempts, detail: { reason } },
  };
}
