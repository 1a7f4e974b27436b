// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { StageTime } from '../observability/stages.ts';
import type { SmtpCapabilities } from './capabilities.ts';
import type { SmtpConnection } from './connection.ts';
import { assertEnvelope, MAX_RECIPIENTS, needsSmtpUtf8 } from './envelope.ts';
import { announcedBytes, isSevenBit } from './message-body.ts';
import type { SmtpFaultRecord, SmtpReply } from './reply.ts';
import {
  type RecipientReply,
  type SendObserver,
  SmtpConnectError,
  type SmtpRelay,
  type SmtpSession,
  type SmtpTransaction,
} from './session.types.ts';
import { type OpenedConnection, type OpenSessionOptions, openConnection } from './session-opening.ts';
import { type Offer, Transaction } from './transaction.ts';

export type { OpenSessionOptions };

/**
 * Connect to a relay, protect the connection, and authenticate where the relay's settings say so.
 *
 * @throws SmtpConnectError where the relay, the network or `signal` prevents it. If a reply did, `reply` holds it and
 * `fault.kind` is `refused`.
 * @see RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH)
 */
export async function openSession(relay: SmtpRelay, options: OpenSessionOptions): Promise<SmtpSession> {
  return sessionOn(await openConnection(relay, options), relay, options.clock);
}

/** The session on a connection that was opened for nothing else. */
export function sessionOn(opened: OpenedConnection, relay: SmtpRelay, clock: Clock): SmtpSession {
  return new Session(opened, relay, clock);
}

class Session implements SmtpSession {
  readonly opening: readonly StageTime[];
  readonly #connection: SmtpConnection;
  readonly #relay: SmtpRelay;
  readonly #capabilities: SmtpCapabilities;
  readonly #clock: Clock;
  #transactions = 0;
  #hasRun = false;
  /** The one that has the connection, and the one behind it. */
  readonly #runs: Transaction[] = [];
  #lastDotMs: number | null = null;
  #isChecking = false;
  /** Told that no transaction is under way any more. */
  #onFree: (() => void) | null = null;
  #needsReset = false;
  #quitting: Promise<void> | null = null;

  constructor({ connection, capabilities, opening }: OpenedConnection, relay: SmtpRelay, clock: Clock) {
    this.#connection = connection;
    this.#relay = relay;
    this.#capabilities = capabilities;
    this.#clock = clock;
    this.opening = opening;
  }

  get usable(): boolean {
    return this.#connection.fault === null && this.#quitting === null;
  }

  get transactions(): number {
    return this.#transactions;
  }

  get smtpUtf8(): boolean {
    return this.#capabilities.smtpUtf8;
  }

  get pipelining(): boolean {
    return this.#capabilities.pipelining;
  }

  get maxRecipients(): number {
    return Math.min(this.statedMaxRecipients ?? MAX_RECIPIENTS, MAX_RECIPIENTS);
  }

  get statedMaxRecipients(): number | null {
    return this.#capabilities.limits.rcptMax;
  }

  get maxRecipientDomains(): number | null {
    return this.#capabilities.limits.rcptDomainMax;
  }

  get maxTransactions(): number | null {
    return this.#capabilities.limits.mailMax;
  }

  get transcript(): readonly string[] {
    return this.#connection.transcript.lines;
  }

  get lastDotMs(): number | null {
    return this.#lastDotMs;
  }

  async send(
    transaction: SmtpTransaction,
    mayMail: () => boolean = () => true,
    observer: SendObserver = {},
  ): Promise<readonly RecipientReply[]> {
    assertEnvelope(transaction);
    const offer = offerOf(transaction);
    const [ahead, behind] = this.#runs;
    if (ahead !== undefined) {
      if (behind !== undefined || !ahead.isAtDot) throw new Error('a session sends one transaction at a time');
      if (this.usable && this.#isPipelined(offer) && refuseUnsent(offer, this.#capabilities) === null) {
        observer.onBehind?.();
        return this.#run(offer, mayMail, observer);
      }
      await this.#untilFree();
    }
    const { fault, transcript } = this.#connection;
    // The opening is told with the first transaction, which it was for.
    if (this.#hasRun) transcript.restart();
    this.#hasRun = true;
    if (fault !== null || this.#quitting !== null) {
      transcript.note(`not sent: ${fault?.text ?? 'the session has ended'}`);
      observer.onTranscript?.(transcript.lines);
      return allBroken(transaction, fault);
    }
    const refusal = refuseUnsent(offer, this.#capabilities);
    if (refusal !== null) {
      const { stage, reply } = refusal;
      transcript.note(`${reply.code} ${reply.enhanced} ${reply.text}`);
      observer.onTranscript?.(transcript.lines);
      return transaction.to.map((address) => ({ status: 'refused', address, stage, reply }));
    }
    return this.#run(offer, mayMail, observer);
  }

  async check(timeoutMs: number): Promise<boolean> {
    if (this.#isBusy || !this.usable) return false;
    this.#isChecking = true;
    try {
      // Whatever it answers it is there, unless it closes the connection with it.
      const { code } = await this.#connection.ask('rset', 'NOOP\r\n', timeoutMs);
      if (code === 421) this.#connection.fail('closed', 'the relay closes the connection with 421');
      return this.usable;
    } catch (error) {
      if (!(error instanceof SmtpConnectError)) throw error;
      return false;
    } finally {
      this.#isChecking = false;
    }
  }

  quit(): Promise<void> {
    if (this.#isBusy) this.destroy();
    this.#quitting ??= this.#sayQuit();
    return this.#quitting;
  }

  destroy(): void {
    this.#connection.destroy();
  }

  get #isBusy(): boolean {
    return this.#isChecking || this.#runs.length > 0;
  }

  #isPipelined({ lockStep, allOrNone }: SmtpTransaction): boolean {
    return this.pipelining && lockStep !== true && allOrNone !== true;
  }

  async #run(offer: Offer, mayMail: () => boolean, observer: SendObserver): Promise<readonly RecipientReply[]> {
    const isBehind = this.#runs.length > 0;
    let told: readonly string[] | null = null;
    const run: Transaction = new Transaction(
      {
        connection: this.#connection,
        capabilities: this.#capabilities,
        clock: this.#clock,
        timeouts: this.#relay.timeouts,
        isPipelined: this.#isPipelined(offer),
        needsReset: !isBehind && this.#needsReset,
        isBehind,
        onFinalDot: () => observer.onFinalDot?.() === true,
        mayWrite: () => observer.mayWrite?.() !== false,
        onGone: () => observer.onGone?.(),
        onStage: (stage, ms) => observer.onStage?.(stage, ms),
        onEnd: () => {
          // The next one begins a transcript of its own at once.
          if (this.#runs.length > 1 && this.#connection.fault === null) told = this.#connection.transcript.lines;
          this.#end(run);
        },
      },
      offer,
      mayMail,
    );
    this.#runs.push(run);
    const replies = await run.run();
    // Of one whose turn did not come nothing was said.
    observer.onTranscript?.(told ?? (run.hadTurn ? this.#connection.transcript.lines : []));
    return replies;
  }

  /** A transaction is over: the connection is the next one's. */
  #end(run: Transaction): void {
    const hadConnection = this.#runs[0] === run;
    this.#runs.splice(this.#runs.indexOf(run), 1);
    this.#lastDotMs = run.dotMs ?? this.#lastDotMs;
    if (run.hasMailed) {
      this.#transactions += 1;
      this.#needsReset = run.leavesOpen;
    }
    const [next] = this.#runs;
    const { fault } = this.#connection;
    if (next !== undefined && hadConnection) {
      if (fault === null) next.takeOver();
      else next.onFault({ kind: 'closed', stage: 'mail', text: `the connection ended before: ${fault.text}` });
    }
    if (this.#runs.length === 0) this.#onFree?.();
  }

  #untilFree(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFree = resolve;
    });
  }

  async #sayQuit(): Promise<void> {
    const { quitMs } = this.#relay.timeouts;
    const endsAt = this.#clock.monotonic() + quitMs;
    // Whatever comes of it, the session has ended.
    await Promise.allSettled([this.#connection.ask('quit', 'QUIT\r\n', quitMs)]);
    // Until the relay has closed, the connection counts against its limit, and so it should count against ours.
    await this.#connection.close(endsAt - this.#clock.monotonic());
  }
}

function offerOf(transaction: SmtpTransaction): Offer {
  const { from, to, envelopeId, smtpUtf8, body, lockStep = false, allOrNone = false } = transaction;
  return {
    from,
    to,
    envelopeId,
    smtpUtf8,
    body,
    lockStep,
    allOrNone,
    sizeBytes: announcedBytes(body),
    isEightBit: !isSevenBit(body),
    needsSmtpUtf8: needsSmtpUtf8(transaction),
  };
}

function allBroken({ to }: SmtpTransaction, cause: SmtpFaultRecord | null): readonly RecipientReply[] {
  const fault: SmtpFaultRecord = { kind: 'closed', text: 'the session has ended', ...cause, stage: 'mail' };
  return to.map((address) => ({ status: 'broken', address, fault, doubt: false }));
}

interface UnsentRefusal {
  readonly stage: 'mail' | 'rcpt';
  readonly reply: SmtpReply;
}

/** What the relay has announced that it can't take is not offered to it: a reply in its place, which says so. */
function refuseUnsent(offer: Offer, capabilities: SmtpCapabilities): UnsentRefusal | null {
  const { sizeBytes } = offer;
  const { maxBytes } = capabilities;
  if (maxBytes !== null && sizeBytes > maxBytes) {
    const text = `[mail-proxy, not sent] the message has ${sizeBytes} bytes, the relay takes ${maxBytes} (RFC 1870)`;
    return { stage: 'mail', reply: { code: 552, enhanced: '5.3.4', text } };
  }
  if (!capabilities.smtpUtf8 && offer.needsSmtpUtf8) {
    const isForRecipients = !needsSmtpUtf8({ ...offer, to: [] });
    const what = isForRecipients ? 'the address of a recipient' : 'the message';
    const text = `[mail-proxy, not sent] ${what} needs SMTPUTF8, the relay does not offer it (RFC 6531)`;
    return { stage: isForRecipients ? 'rcpt' : 'mail', reply: { code: 553, enhanced: '5.6.7', text } };
  }
  if (!capabilities.eightBitMime && offer.isEightBit) {
    const text = '[mail-proxy, not sent] the message needs 8BITMIME, the relay does not offer it (RFC 6152)';
    return { stage: 'mail', reply: { code: 554, enhanced: '5.6.3', text } };
  }
  return null;
}
