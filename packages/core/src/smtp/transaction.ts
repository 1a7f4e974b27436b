// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { StageName } from '../observability/stages.ts';
import { type BodyProgress, BodyWriter } from './body-writer.ts';
import type { SmtpCapabilities } from './capabilities.ts';
import type { ConnectionHandler, SmtpConnection } from './connection.ts';
import { mailCommand, rcptCommand } from './envelope.ts';
import type { SmtpFaultRecord, SmtpReply, SmtpStage } from './reply.ts';
import type { RecipientReply, SmtpTimeouts, SmtpTransaction } from './session.types.ts';
import { allowedMs, isOutOfStep, stageOf, type Wanted } from './transaction-steps.ts';

/** A transaction, and what has to be known of its message before it is offered. */
export interface Offer extends SmtpTransaction {
  /** As MAIL announces it. */
  readonly sizeBytes: number;
  readonly isEightBit: boolean;
  /** For its own sake or for one of its addresses. */
  readonly needsSmtpUtf8: boolean;
}

/** What a transaction runs on. */
export interface TransactionContext {
  readonly connection: SmtpConnection;
  readonly capabilities: SmtpCapabilities;
  readonly clock: Clock;
  readonly timeouts: SmtpTimeouts;
  /** Write MAIL, all RCPT and DATA at once (RFC 2920). */
  readonly isPipelined: boolean;
  /** An earlier transaction was left open at the relay. */
  readonly needsReset: boolean;
  /** Another transaction has the connection, and waits for the reply to its final dot. */
  readonly isBehind: boolean;
  /** The final dot is written; not told in lock-step. Answers whether another transaction may go behind it. */
  readonly onFinalDot: () => boolean;
  /** Asked before the first byte of the message. */
  readonly mayWrite: () => boolean;
  /** The relay took the message, and its bytes are read by nobody any more. */
  readonly onGone: () => void;
  /** A stage came to its end. */
  readonly onStage: (stage: StageName, ms: number) => void;
  /** Told once, before its outcome is known to whoever waits for it: the connection is free for the next. */
  readonly onEnd: () => void;
}

/**
 * One transaction from MAIL to the reply to the final dot. Replies are matched strictly in order; any other ends the
 * connection.
 *
 * | waiting for | 2xx | 3xx | 4xx, 5xx | 421 |
 * |---|---|---|---|---|
 * | rset | mail | out of step | out of step | end, all refused |
 * | mail | rcpt | out of step | lock-step: end; pipelined: rcpt | end, all refused |
 * | rcpt | next rcpt, then data; end if all or none | out of step | the same; that recipient is refused | end, the rest refused |
 * | data | out of step | body; lone dot if nobody was accepted | end, the rest refused | end, the rest refused |
 * | body | out of step | out of step | end, the rest refused, connection closed | the same |
 * | dot | end, the rest accepted | out of step | end, the rest refused | the same, connection closed |
 * | lone dot | end | end | end | the same, connection closed |
 *
 * A fault ends it anywhere; the rest is broken, in doubt if it waited for the dot. So does a message that cannot be read
 * to its end, which closes the connection and is no fault of the relay's.
 *
 * One behind another writes its group at once, and waits for its replies when `takeOver` says that those before have come.
 */
export class Transaction implements ConnectionHandler, BodyProgress {
  readonly #context: TransactionContext;
  readonly #transaction: Offer;
  readonly #mayMail: () => boolean;
  readonly #writer: BodyWriter;
  /** Monotonic time at which the whole has lasted too long. */
  #endsAt = Number.POSITIVE_INFINITY;
  /** The replies are for this one. */
  #hadTurn = false;
  /** Of one behind another: what was written before its turn. */
  #ahead = '';
  /** When the stage that is under way began; monotonic milliseconds. */
  #stageAt = 0;
  #dotMs: number | null = null;

  #waitsFor: Wanted = 'mail';
  #hasMailed = false;
  #isComplete = false;
  #mailRefusal: SmtpReply | null = null;
  readonly #rcptReplies: SmtpReply[] = [];
  /** While the body is written: it is the message that has to come, not the relay that has to take it. */
  #isReading = false;
  #resolve: (replies: readonly RecipientReply[]) => void = () => undefined;
  #reject: (bug: unknown) => void = () => undefined;

  constructor(context: TransactionContext, transaction: Offer, mayMail: () => boolean) {
    this.#context = context;
    this.#transaction = transaction;
    this.#mayMail = mayMail;
    this.#writer = new BodyWriter(context.connection, transaction.body, this);
  }

  /** Whether MAIL was written. */
  get hasMailed(): boolean {
    return this.#hasMailed;
  }

  /** Whether the relay may still hold something of it, so that RSET must come before the next. */
  get leavesOpen(): boolean {
    return this.#hasMailed && !this.#isComplete;
  }

  /** Whether it ever had the connection to itself: false of one behind another that ended the connection. */
  get hadTurn(): boolean {
    return this.#hadTurn;
  }

  /** The message was written to its end, and nothing but the reply to it is waited for. */
  get isAtDot(): boolean {
    return this.#waitsFor === 'dot';
  }

  /** Milliseconds from the final dot to its reply; null where it did not come so far. */
  get dotMs(): number | null {
    return this.#dotMs;
  }

  /** Rejects only for a bug: `mayMail` threw. */
  run(): Promise<readonly RecipientReply[]> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#context.isBehind) {
        this.#mail();
        return;
      }
      this.#begin();
      if (this.#context.needsReset && !this.#context.isPipelined) this.#command('rset', 'RSET\r\n');
      else this.#mail();
    });
  }

  /** The replies to all that was written before have come: from now on they are for this one. */
  takeOver(): void {
    const { transcript } = this.#context.connection;
    transcript.restart();
    transcript.client(this.#ahead);
    this.#begin();
    this.#await('mail');
  }

  #begin(): void {
    const { connection, clock, timeouts } = this.#context;
    this.#stageAt = clock.monotonic();
    if (timeouts.transactionMs !== undefined) this.#endsAt = this.#stageAt + timeouts.transactionMs;
    this.#hadTurn = true;
    connection.listen(this);
  }

  onReply(reply: SmtpReply): void {
    if (this.#waitsFor === 'body') this.#noteBody();
    const stage = stageOf(this.#waitsFor);
    if (reply.code === 421) {
      this.#refuseRest(reply, stage);
      this.#context.connection.fail('closed', 'the relay closes the connection with 421');
      return;
    }
    if (isOutOfStep(this.#waitsFor, reply.code)) {
      this.#context.connection.fail('protocol', `a reply out of step: ${reply.code} ${reply.text}`);
      return;
    }
    switch (this.#waitsFor) {
      case 'rset':
        this.#afterReset();
        break;
      case 'mail':
        this.#afterMail(reply);
        break;
      case 'rcpt':
        this.#afterRcpt(reply);
        break;
      case 'data':
        this.#afterData(reply);
        break;
      case 'body':
        this.#refuseRest(reply, 'body');
        // The rest of the body must not follow, so the relay would wait for it for ever.
        this.#context.connection.fail('closed', 'the relay refused the message before its end');
        break;
      case 'dot':
        this.#afterDot(reply);
        break;
      case 'lone dot':
        this.#refuseRest(reply, 'dot');
        break;
      default:
        this.#waitsFor satisfies never;
    }
  }

  onFault(fault: SmtpFaultRecord): void {
    const doubt = this.#waitsFor === 'dot';
    if (this.#waitsFor === 'body') this.#noteBody();
    // Where it was not the relay that let the time of the whole pass, the relay is not to blame.
    const isTooLate = this.#isReading && this.#context.clock.monotonic() >= this.#endsAt;
    const isOurs = isTooLate && fault.kind === 'timeout';
    this.#finish(broken(isOurs ? unread(new Error('the message could not be read in time')) : fault, doubt));
  }

  onDrain(): void {
    if (this.#waitsFor === 'body') this.#writer.onDrain();
  }

  onBodyWait(forWhom: 'relay' | 'source'): void {
    this.#isReading = forWhom === 'source';
    this.#await('body');
  }

  onFinalDot(): void {
    this.#isReading = false;
    this.#noteBody();
    this.#await('dot');
    this.#endStage('data');
  }

  onWritten(): boolean {
    return this.#context.isPipelined && this.#context.onFinalDot();
  }

  onUnreadable(error: unknown): void {
    this.#noteBody();
    const fault = unread(error);
    this.#finish(broken(fault, false));
    // Without the final dot the relay has no message.
    this.#context.connection.fail('aborted', fault.text);
  }

  /** The point of no return. */
  #mail(): void {
    if (!this.#isAllowed()) return;
    this.#hasMailed = true;
    const mail = mailCommand(this.#transaction, this.#context.capabilities);
    if (!this.#context.isPipelined) {
      this.#command('mail', mail);
      return;
    }
    const { needsReset } = this.#context;
    let group = needsReset ? `RSET\r\n${mail}` : mail;
    for (const address of this.#transaction.to) group += rcptCommand(address);
    group += 'DATA\r\n';
    if (this.#context.isBehind) this.#goBehind(group);
    else this.#command(needsReset ? 'rset' : 'mail', group);
  }

  /** Ask once more whether it may be sent; where not, it has ended. */
  #isAllowed(): boolean {
    try {
      if (this.#mayMail()) return true;
      this.#finish(broken(STOPPED, false));
    } catch (bug) {
      this.#leave();
      this.#reject(bug);
    }
    return false;
  }

  /** Since MAIL it may have been long: behind another message, or where the process stood still. */
  #mayWrite(): boolean {
    if (this.#context.isBehind && !this.#isAllowed()) return false;
    if (this.#context.mayWrite()) return true;
    this.#finish(broken(STOPPED, false));
    return false;
  }

  #goBehind(group: string): void {
    this.#ahead = group;
    this.#context.connection.commandAhead(group);
  }

  #afterReset(): void {
    if (this.#context.isPipelined) this.#await('mail');
    else this.#mail();
  }

  #afterMail(reply: SmtpReply): void {
    if (reply.code >= 400) this.#mailRefusal = reply;
    if (this.#context.isPipelined || this.#mailRefusal === null) this.#nextRcpt();
    else this.#refuseRest(reply, 'mail');
  }

  #nextRcpt(): void {
    const address = this.#transaction.to[this.#rcptReplies.length];
    if (this.#context.isPipelined) this.#await('rcpt');
    else if (address !== undefined) this.#command('rcpt', rcptCommand(address));
  }

  #afterRcpt(reply: SmtpReply): void {
    this.#rcptReplies.push(reply);
    if (this.#rcptReplies.length < this.#transaction.to.length) {
      this.#nextRcpt();
      return;
    }
    this.#endStage('mail');
    if (this.#context.isPipelined) this.#await('data');
    else if (this.#transaction.allOrNone === true && this.#isAnyoneRefused()) this.#refuseRest(this.#notAll(), 'rcpt');
    else if (this.#isAnyoneAccepted()) this.#command('data', 'DATA\r\n');
    // Everybody has a refusal of their own, so this one is shown for nobody.
    else this.#refuseRest(reply, 'rcpt');
  }

  #afterData(reply: SmtpReply): void {
    if (reply.code >= 400) {
      this.#refuseRest(reply, 'data');
    } else if (this.#context.connection.hasUnreadInput) {
      this.#await('body');
      this.#context.connection.fail('protocol', 'the relay replied to the message before it was sent');
    } else if (!this.#isAnyoneAccepted()) {
      this.#command('lone dot', '.\r\n');
    } else if (!this.#mayWrite()) {
      // The relay waits for a message that must not come.
      this.#context.connection.fail('aborted', STOPPED.text);
    } else {
      this.#waitsFor = 'body';
      this.#writer.start();
    }
  }

  #afterDot(reply: SmtpReply): void {
    this.#dotMs = this.#endStage('dot');
    if (reply.code >= 400) {
      this.#refuseRest(reply, 'dot');
    } else {
      this.#isComplete = true;
      // A relay may say so before it has read to the end.
      if (!this.#context.connection.hasUnwrittenOutput) this.#context.onGone();
      this.#finish((address) => ({ status: 'accepted', address, reply }));
    }
  }

  /** @returns milliseconds that it took */
  #endStage(stage: StageName): number {
    const now = this.#context.clock.monotonic();
    const ms = now - this.#stageAt;
    this.#stageAt = now;
    this.#context.onStage(stage, ms);
    return ms;
  }

  #noteBody(): void {
    this.#context.connection.transcript.clientBytes(this.#writer.written, this.#transaction.body.byteLength);
  }

  #isAnyoneAccepted(): boolean {
    return this.#mailRefusal === null && this.#rcptReplies.some((reply) => reply.code < 300);
  }

  #isAnyoneRefused(): boolean {
    return this.#rcptReplies.some((reply) => reply.code >= 400);
  }

  /** For those that the relay would take, were it not for others. */
  #notAll(): SmtpReply {
    const refused = this.#transaction.to.filter((_, index) => (this.#rcptReplies[index]?.code ?? 0) >= 400);
    const others = refused.length > 1 ? ` and ${refused.length - 1} more` : '';
    const text = `[mail-proxy, not sent] all recipients are to get it or none, the relay refused ${refused[0]}${others}`;
    return { code: 451, enhanced: '4.7.0', text };
  }

  #command(waitsFor: Wanted, command: string): void {
    this.#await(waitsFor);
    this.#context.connection.command(command);
  }

  #await(waitsFor: Wanted): void {
    this.#waitsFor = waitsFor;
    const { connection, timeouts } = this.#context;
    const stepMs = this.#isReading ? Number.POSITIVE_INFINITY : allowedMs(waitsFor, timeouts);
    // The reply to the dot is not cut short by the whole: giving up on it makes duplicates (RFC 5321 §4.5.3.2.6).
    const endsAt = waitsFor === 'dot' ? Number.POSITIVE_INFINITY : this.#endsAt;
    connection.expect(stageOf(waitsFor), stepMs, endsAt);
  }

  #refuseRest(reply: SmtpReply, stage: SmtpStage): void {
    this.#finish((address) => ({ status: 'refused', address, stage, reply }));
  }

  /** Let the connection go, where it has it. */
  #leave(): void {
    if (this.#hadTurn) this.#context.connection.release();
    this.#context.onEnd();
  }

  /** Those with a reply of their own keep it; the rest gets what was decided for all. */
  #finish(decideRest: (address: string) => RecipientReply): void {
    this.#leave();
    this.#writer.stop();
    const refusal = this.#mailRefusal;
    this.#resolve(
      this.#transaction.to.map((address, index) => {
        if (refusal !== null) return { status: 'refused', address, stage: 'mail', reply: refusal };
        const reply = this.#rcptReplies[index];
        if (reply !== undefined && reply.code >= 400) return { status: 'refused', address, stage: 'rcpt', reply };
        return decideRest(address);
      }),
    );
  }
}

const STOPPED: SmtpFaultRecord = { kind: 'aborted', stage: 'mail', text: 'not to be sent any more' };

function broken(fault: SmtpFaultRecord, doubt: boolean): (address: string) => RecipientReply {
  return (address) => ({ status: 'broken', address, fault, doubt });
}

function unread(cause: unknown): SmtpFaultRecord {
  return { kind: 'aborted', stage: 'body', text: 'the message could not be read to its end', cause };
}
