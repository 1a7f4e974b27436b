// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError } from '../errors.ts';
import type { OnStage } from '../observability/stages.ts';
import type { PendingRecipient } from '../queue/load-recipients.ts';
import { isClosing, isTooManyRecipients } from '../smtp/classify.ts';
import { envelopeNeedsSmtpUtf8 } from '../smtp/compose/compose.ts';
import { isBadGroup, isUnsettledByBadGroup, type LockStepRelays } from '../smtp/lock-step-relays.ts';
import { isStaleConnection } from '../smtp/pool.ts';
import type { PooledSession, SmtpPool } from '../smtp/pool.types.ts';
import type { SmtpStage } from '../smtp/reply.ts';
import type { TakenMail } from '../smtp/sandbox/sandbox.types.ts';
import { type RecipientReply, type SendObserver, SmtpConnectError } from '../smtp/session.types.ts';
import type { StopSignal } from '../stop-signal.ts';
import { decidedTogether, notTogether } from './all-or-none.ts';
import type { WireMessage } from './compose-message.ts';
import { type Judgement, outcomeOf, type RecipientOutcome, unreachable, untried } from './outcome.ts';
import type { PoolRequest } from './relay.ts';

/** Dead connections met in a row before the answer counts; each was idle and is replaced at once. */
const MAX_STALE = 100;

export interface Transmission {
  readonly pool: SmtpPool;
  readonly request: PoolRequest;
  readonly judgement: Judgement;
  /** Relays that are given one command at a time. */
  readonly lockStepRelays: LockStepRelays;
  /** Asked right before MAIL, the point of no return. */
  readonly mayMail: () => boolean;
  /** Asked right before the message itself: nobody else has taken it over. @defaultValue nobody has */
  readonly isOurs?: (() => boolean) | undefined;
  /** The message is about to be handed to a connection; MAIL waits for it. */
  readonly handOver: () => Promise<void>;
  /** A stage of the connection's opening, or of a transaction, came to its end. */
  readonly onStage: OnStage;
  readonly signal: StopSignal;
  /** Of a sandbox: told what it took. @defaultValue a relay takes it */
  readonly onTaken?: ((mail: TakenMail) => void) | undefined;
}

/** What an attempt to send came to. */
export interface Transmitted {
  /** One for each recipient, in their order. */
  readonly outcomes: readonly RecipientOutcome[];
  /** What counts under rate limits: transactions that reached DATA, and their recipients. */
  readonly sent: { readonly messages: number; readonly recipients: number };
  /** The relay took MAIL or refused the mail for its own sake: the account works. */
  readonly isAccountWell: boolean;
  /**
   * True where the relay judged the mail, false where it could not be reached or broke off; null where that is not
   * known, as after a reply that only puts off.
   */
  readonly isReached: boolean | null;
  /** The relay said 421. */
  readonly isClosing: boolean;
  /** All recipients had the message in one transaction, and its bytes are read by nobody any more. */
  readonly isGone: boolean;
  /** Of the last transaction. */
  readonly transcript: readonly string[];
}

/** What one transaction came to. */
interface Group {
  readonly group: readonly PendingRecipient[];
  readonly replies: readonly RecipientReply[];
  /** Its commands went out together up to DATA. */
  readonly isPipelined: boolean;
  /** They went out behind the final dot of another message. */
  readonly isBehind: boolean;
  /** The relay took the message, and its bytes are read by nobody any more. */
  readonly isGone: boolean;
  readonly transcript: readonly string[];
}

/** The message could not be read to its end, so that no relay has it of this transaction. */
class Unreadable {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** What the session tells of a transaction. */
class Seen implements SendObserver {
  isBehind = false;
  isGone = false;
  transcript: readonly string[] = [];
  readonly onStage: OnStage;
  readonly #pooled: PooledSession;
  readonly #isOurs: () => boolean;

  constructor(pooled: PooledSession, { onStage, isOurs = () => true }: Pick<Transmission, 'onStage' | 'isOurs'>) {
    this.#pooled = pooled;
    this.onStage = onStage;
    this.#isOurs = isOurs;
  }

  mayWrite(): boolean {
    return this.#isOurs();
  }

  onFinalDot(): boolean {
    return this.#pooled.passOn();
  }

  onBehind(): void {
    this.isBehind = true;
  }

  onGone(): void {
    this.isGone = true;
  }

  onTranscript(lines: readonly string[]): void {
    this.transcript = lines;
  }
}

/**
 * Send a message to the recipients, in as many transactions as they need.
 *
 * @returns null when nothing was sent because the message was stopped: nothing counts
 * @throws what a source of the message threw, where nothing was sent because of that: nothing counts either, and what it
 * was decides when the message is tried again
 */
export async function transmit(
  wire: WireMessage,
  recipients: readonly PendingRecipient[],
  transmission: Transmission,
): Promise<Transmitted | null> {
  const outcomes = new Map<number, RecipientOutcome>();
  const note = (outcome: RecipientOutcome): void => void outcomes.set(outcome.recipient.position, outcome);
  const seen: (readonly RecipientReply[])[] = [];
  let transcript: readonly string[] = [];
  let closing = false;
  let rest = recipients;
  while (rest.length > 0) {
    const result = await sendGroup(wire, rest, transmission);
    if (result === null) break;
    if (result instanceof Unreadable) {
      if (outcomes.size === 0) throw result.cause;
      break;
    }
    if (result instanceof SmtpConnectError) {
      for (const recipient of rest) note(unreachable(recipient, result, transmission.judgement));
      closing ||= result.reply !== null && isClosing(result.reply);
      transcript = result.transcript;
      break;
    }
    transcript = result.transcript;
    if (outcomes.size === 0 && isTakenByAll(result, rest)) return allSent(result, transmission.judgement);
    closing ||= result.replies.some((reply) => reply.status === 'refused' && isClosing(reply.reply));
    const isBad = result.isPipelined && isBadGroup(result.replies, result);
    // From here on the relay is given one command at a time, so that no group can be bad again.
    if (isBad) transmission.lockStepRelays.remember(transmission.request.relay);
    const next = isBad ? unsettled(result) : remaining(result);
    const settled = pairs(result).filter(([recipient]) => !next.includes(recipient));
    seen.push(settled.map(([, reply]) => reply));
    const decided = settled.map(([recipient, reply]) => outcomeOf(recipient, reply, transmission.judgement));
    decided.forEach(note);
    rest = [...next, ...rest.filter((recipient) => !result.group.includes(recipient))];
    if (isBad) continue;
    if (result.replies.some(endsConnection) || decided.some(isPutOff)) break;
  }
  if (outcomes.size === 0) return null;
  // What was stopped on the way waits for the next attempt.
  const all = recipients.map((recipient) => outcomes.get(recipient.position) ?? untried(recipient));
  return {
    outcomes: wire.allOrNone === true ? decidedTogether(all) : all,
    sent: countSent(seen),
    isAccountWell: [...outcomes.values()].some(
      ({ stage, verdict }) => AFTER_OPENING.has(stage ?? '') && verdict !== 'account',
    ),
    isReached: isReached([...outcomes.values()], closing),
    isClosing: closing,
    isGone: false,
    transcript,
  };
}

/** Nearly always the first transaction is all. */
function isTakenByAll({ replies }: Group, recipients: readonly PendingRecipient[]): boolean {
  return replies.length === recipients.length && replies.every(({ status }) => status === 'accepted');
}

function allSent(result: Group, judgement: Judgement): Transmitted {
  const outcomes = pairs(result).map(([recipient, reply]) => outcomeOf(recipient, reply, judgement));
  return {
    outcomes,
    sent: { messages: 1, recipients: outcomes.length },
    isAccountWell: true,
    isReached: true,
    isClosing: false,
    isGone: result.isGone,
    transcript: result.transcript,
  };
}

/** Stages that are reached by a session that could be opened. */
const AFTER_OPENING: ReadonlySet<string> = new Set<SmtpStage>(['mail', 'rcpt', 'data', 'body', 'dot']);

function isReached(tried: readonly RecipientOutcome[], isClosing: boolean): boolean | null {
  const saidNothing = ({ stage, code, verdict }: RecipientOutcome): boolean =>
    verdict === 'path' && (isClosing || code === null || !AFTER_OPENING.has(stage ?? ''));
  if (tried.every(saidNothing)) return false;
  if (isClosing) return null;
  const isJudged = tried.some(
    ({ stage, verdict }) => AFTER_OPENING.has(stage ?? '') && verdict !== 'account' && verdict !== 'path',
  );
  return isJudged ? true : null;
}

async function sendGroup(
  wire: WireMessage,
  rest: readonly PendingRecipient[],
  { pool, request, lockStepRelays, mayMail, isOurs, handOver, onStage, signal, onTaken }: Transmission,
): Promise<Group | SmtpConnectError | Unreadable | null> {
  for (let stale = 0; ; stale++) {
    let pooled: PooledSession;
    try {
      pooled = await pool.acquire(request.key, request.relay, request.limits, signal);
    } catch (error) {
      if (!(error instanceof SmtpConnectError)) throw error;
      return error.fault.kind === 'aborted' ? null : error;
    }
    const { session, reused } = pooled;
    if (!reused) for (const { stage, ms } of session.opening ?? []) onStage(stage, ms);
    const { allOrNone = false } = wire;
    const most = allOrNone ? (session.statedMaxRecipients ?? rest.length) : session.maxRecipients;
    const group = firstGroup(wire.fromFor === undefined ? rest : withSameSender(rest, wire.fromFor), most, session);
    if (allOrNone && group.length < rest.length) {
      pooled.release();
      return { ...notTogether(rest), group: rest, isPipelined: false, isBehind: false, isGone: false };
    }
    const to = group.map((recipient) => recipient.address);
    const lockStep = allOrNone || lockStepRelays.has(request.relay);
    let replies: readonly RecipientReply[];
    const seen = new Seen(pooled, { onStage, isOurs });
    try {
      await handOver();
      const from = wire.fromFor === undefined ? wire.from : wire.fromFor(to[0] ?? '');
      const transaction = {
        from,
        to,
        envelopeId: wire.envelopeId,
        smtpUtf8: wire.needsSmtpUtf8,
        body: wire.body,
        lockStep,
        allOrNone,
        sandbox: onTaken && { attempts: group.map(({ attempts }) => attempts), onTaken },
      };
      replies = await session.send(transaction, mayMail, seen);
    } catch (error) {
      // The message belongs to another session by now.
      if (isMailProxyError(error, 'lease_lost')) return null;
      throw error;
    } finally {
      pooled.release();
    }
    if (stale < MAX_STALE && isStaleConnection(replies, pooled)) continue;
    const isPipelined = session.pipelining && !lockStep;
    const stopped = replies.find(wasAborted);
    if (stopped === undefined) {
      const { isBehind, isGone } = seen;
      return { group, replies, isPipelined, isBehind, isGone, transcript: seen.transcript };
    }
    return 'cause' in stopped.fault ? new Unreadable(stopped.fault.cause) : null;
  }
}

/** Those whose mail comes back to where that of the first does. */
function withSameSender(
  rest: readonly PendingRecipient[],
  fromFor: (recipient: string) => string,
): readonly PendingRecipient[] {
  const senders = rest.map(({ address }) => fromFor(address));
  return rest.filter((_, index) => senders[index] === senders[0]);
}

/** As many of the first recipients as the relay takes in one transaction, or those that it is going to refuse. */
function firstGroup(
  rest: readonly PendingRecipient[],
  maxRecipients: number,
  { smtpUtf8, maxRecipientDomains }: PooledSession['session'],
): readonly PendingRecipient[] {
  // A transaction needs SMTPUTF8 if one of its addresses does; whose address does not goes without them.
  const unspeakable = smtpUtf8 ? [] : rest.filter(({ address }) => envelopeNeedsSmtpUtf8([address]));
  const speakable = unspeakable.length > 0 ? unspeakable : rest;
  const limit = Math.max(1, maxRecipients);
  const most = speakable.length <= limit ? speakable : speakable.slice(0, limit);
  if (maxRecipientDomains === null) return most;
  const domains = new Set<string>();
  const end = most.findIndex(({ address }) => {
    domains.add(address.slice(address.lastIndexOf('@') + 1).toLowerCase());
    return domains.size > Math.max(1, maxRecipientDomains);
  });
  return end === -1 ? most : most.slice(0, end);
}

/**
 * Recipients that were too many for one transaction (452 4.5.3) and go in another at once; as long as each transaction
 * takes at least one, this ends.
 */
function remaining(result: Group): readonly PendingRecipient[] {
  const isTaken = result.replies.some((reply) => reply.status === 'accepted');
  return isTaken ? recipientsOf(result, isTooMany) : [];
}

/** Those of whom a group that the relay answered badly says nothing: they go in another transaction at once, too. */
function unsettled(result: Group): readonly PendingRecipient[] {
  return recipientsOf(result, isUnsettledByBadGroup);
}

function recipientsOf(result: Group, isMeant: (reply: RecipientReply) => boolean): readonly PendingRecipient[] {
  return pairs(result).flatMap(([recipient, reply]) => (isMeant(reply) ? [recipient] : []));
}

function pairs({ group, replies }: Group): readonly (readonly [PendingRecipient, RecipientReply])[] {
  return group.map((recipient, index) => {
    const reply = replies[index];
    if (reply === undefined) throw new Error('the session answered for fewer recipients than it was given');
    return [recipient, reply];
  });
}

function isTooMany(reply: RecipientReply): boolean {
  return reply.status === 'refused' && isTooManyRecipients(reply.reply, reply.stage);
}

/** A relay that broke off is not asked again in this attempt. */
function endsConnection(reply: RecipientReply): boolean {
  return reply.status === 'broken' || (reply.status === 'refused' && isClosing(reply.reply));
}

/** The message was put off before any recipient was named, so it would be for the others, too. */
function isPutOff({ stage, state }: RecipientOutcome): boolean {
  return stage === 'mail' && state === 'pending';
}

function countSent(groups: readonly (readonly RecipientReply[])[]): Transmitted['sent'] {
  const sent = groups.map((replies) => replies.filter(wasSent).length).filter((count) => count > 0);
  return { messages: sent.length, recipients: sent.reduce((sum, count) => sum + count, 0) };
}

/** Whether the relay was asked to take the content for this recipient. */
function wasSent(reply: RecipientReply): boolean {
  if (reply.status === 'accepted') return true;
  return reply.status === 'refused'
    ? CONTENT_STAGES.has(reply.stage)
    : reply.doubt || CONTENT_STAGES.has(reply.fault.stage);
}

const CONTENT_STAGES: ReadonlySet<SmtpStage> = new Set(['data', 'body', 'dot']);

function wasAborted(reply: RecipientReply): reply is Extract<RecipientReply, { status: 'broken' }> {
  return reply.status === 'broken' && reply.fault.kind === 'aborted' && !reply.doubt;
}
