// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isAscii } from 'node:buffer';
import type { Clock } from '../clock.ts';
import type { SmtpCapabilities } from './capabilities.ts';
import type { ConnectionHandler, SmtpConnection } from './connection.ts';
import { CHUNK_BYTES, CRLF_FINAL_DOT, endsWithLineBreak, FINAL_DOT, stuffDots } from './dot-stuffing.ts';
import { mailCommand, rcptCommand } from './envelope.ts';
import type { SmtpFaultRecord, SmtpReply, SmtpStage } from './reply.ts';
import type { RecipientReply, SmtpTimeouts, SmtpTransaction } from './session.types.ts';

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
}

type Wanted = 'rset' | 'mail' | 'rcpt' | 'data' | 'body' | 'dot' | 'lone dot';

function stageOf(waitsFor: Wanted): SmtpStage {
  return waitsFor === 'lone dot' ? 'dot' : waitsFor;
}

/**
 * One transaction from MAIL to the reply to the final dot. Replies are matched strictly in order; any other ends the
 * connection.
 *
 * | waiting for | 2xx | 3xx | 4xx, 5xx | 421 |
 * |---|---|---|---|---|
 * | rset | mail | out of step | out of step | end, all refused |
 * | mail | rcpt | out of step | lock-step: end; pipelined: rcpt | end, all refused |
 * | rcpt | next rcpt, then data | out of step | the same; that recipient is refused | end, the rest refused |
 * | data | out of step | body; lone dot if nobody was accepted | end, the rest refused | end, the rest refused |
 * | body | out of step | out of step | end, the rest refused, connection closed | the same |
 * | dot | end, the rest accepted | out of step | end, the rest refused | the same, connection closed |
 * | lone dot | end | end | end | the same, connection closed |
 *
 * A fault ends it anywhere; the rest is broken, in doubt if it waited for the dot.
 */
export class Transaction implements ConnectionHandler {
  readonly #context: TransactionContext;
  readonly #transaction: SmtpTransaction;
  readonly #mayMail: () => boolean;
  readonly #body: Buffer;
  /** Monotonic time at which the whole has lasted too long. */
  readonly #endsAt: number;

  #waitsFor: Wanted = 'mail';
  #hasMailed = false;
  #isComplete = false;
  #mailRefusal: SmtpReply | null = null;
  readonly #rcptReplies: SmtpReply[] = [];
  /** How much of the body was handed to the socket. */
  #written = 0;
  #resolve: (replies: readonly RecipientReply[]) => void = () => undefined;
  #reject: (bug: unknown) => void = () => undefined;

  constructor(context: TransactionContext, transaction: SmtpTransaction, mayMail: () => boolean) {
    const { body } = transaction;
    this.#context = context;
    this.#transaction = transaction;
    this.#mayMail = mayMail;
    this.#body = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const { transactionMs } = context.timeouts;
    this.#endsAt = transactionMs === undefined ? Number.POSITIVE_INFINITY : context.clock.monotonic() + transactionMs;
  }

  /** Whether MAIL was written. */
  get hasMailed(): boolean {
    return this.#hasMailed;
  }

  /** Whether the relay may still hold something of it, so that RSET must come before the next. */
  get leavesOpen(): boolean {
    return this.#hasMailed && !this.#isComplete;
  }

  /** Rejects only for a bug: `mayMail` threw. */
  run(): Promise<readonly RecipientReply[]> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#context.connection.listen(this);
      if (this.#context.needsReset && !this.#context.isPipelined) this.#command('rset', 'RSET\r\n');
      else this.#mail();
    });
  }

  onReply(reply: SmtpReply): void {
    if (this.#waitsFor === 'body') this.#noteBody();
    const stage = stageOf(this.#waitsFor);
    if (reply.code === 421) {
      this.#refuseRest(reply, stage);
      this.#context.connection.fail('closed', 'the relay closes the connection with 421');
      return;
    }
    if (this.#isOutOfStep(reply.code)) {
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
    this.#finish((address) => ({ status: 'broken', address, fault, doubt }));
  }

  onDrain(): void {
    if (this.#waitsFor === 'body') this.#writeBody();
  }

  /** The point of no return. */
  #mail(): void {
    let isAllowed: boolean;
    try {
      isAllowed = this.#mayMail();
    } catch (bug) {
      this.#context.connection.release();
      this.#reject(bug);
      return;
    }
    if (!isAllowed) {
      const fault: SmtpFaultRecord = { kind: 'aborted', stage: 'mail', text: 'not to be sent any more' };
      this.#finish((address) => ({ status: 'broken', address, fault, doubt: false }));
      return;
    }
    this.#hasMailed = true;
    const mail = this.#mailCommand();
    if (!this.#context.isPipelined) {
      this.#command('mail', mail);
      return;
    }
    const { needsReset } = this.#context;
    let group = needsReset ? `RSET\r\n${mail}` : mail;
    for (const address of this.#transaction.to) group += rcptCommand(address);
    this.#command(needsReset ? 'rset' : 'mail', `${group}DATA\r\n`);
  }

  #isOutOfStep(code: number): boolean {
    const isPositive = code < 300;
    const isRefusal = code >= 400;
    if (this.#waitsFor === 'rset') return !isPositive;
    if (this.#waitsFor === 'data') return isPositive;
    if (this.#waitsFor === 'body') return !isRefusal;
    if (this.#waitsFor === 'lone dot') return false;
    return !isPositive && !isRefusal;
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
    if (this.#rcptReplies.length < this.#transaction.to.length) this.#nextRcpt();
    else if (this.#context.isPipelined) this.#await('data');
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
    } else if (this.#isAnyoneAccepted()) {
      this.#await('body');
      this.#writeBody();
    } else {
      this.#command('lone dot', '.\r\n');
    }
  }

  #afterDot(reply: SmtpReply): void {
    if (reply.code >= 400) {
      this.#refuseRest(reply, 'dot');
    } else {
      this.#isComplete = true;
      this.#finish((address) => ({ status: 'accepted', address, reply }));
    }
  }

  /** Hand the body to the socket chunk by chunk, and with the last one the final dot. */
  #writeBody(): void {
    const { connection } = this.#context;
    const body = this.#body;
    for (;;) {
      const end = Math.min(this.#written + CHUNK_BYTES, body.length);
      const chunk = stuffDots(body, this.#written, end);
      this.#written = end;
      if (end === body.length) {
        this.#noteBody();
        this.#await('dot');
        connection.writeBoth(chunk, endsWithLineBreak(body) ? FINAL_DOT : CRLF_FINAL_DOT);
        return;
      }
      this.#await('body');
      if (!connection.write(chunk)) return;
    }
  }

  #noteBody(): void {
    this.#context.connection.transcript.clientBytes(this.#written, this.#body.length);
  }

  #mailCommand(): string {
    const { from, smtpUtf8 } = this.#transaction;
    const sizeBytes = this.#body.length + (endsWithLineBreak(this.#body) ? 0 : 2);
    return mailCommand(from, { sizeBytes, isEightBit: !isAscii(this.#body), smtpUtf8 }, this.#context.capabilities);
  }

  #isAnyoneAccepted(): boolean {
    return this.#mailRefusal === null && this.#rcptReplies.some((reply) => reply.code < 300);
  }

  #command(waitsFor: Wanted, command: string): void {
    this.#await(waitsFor);
    this.#context.connection.command(command);
  }

  #await(waitsFor: Wanted): void {
    this.#waitsFor = waitsFor;
    const { connection, clock } = this.#context;
    const allowedMs = this.#allowedMs(waitsFor);
    // The reply to the dot is not cut short by the whole: giving up on it makes duplicates (RFC 5321 §4.5.3.2.6).
    const remainingMs = waitsFor === 'dot' ? allowedMs : this.#endsAt - clock.monotonic();
    connection.expect(stageOf(waitsFor), Math.min(allowedMs, remainingMs));
  }

  #allowedMs(waitsFor: Wanted): number {
    const { timeouts } = this.#context;
    if (waitsFor === 'data') return timeouts.dataMs;
    if (waitsFor === 'body') return timeouts.blockMs;
    if (waitsFor === 'dot') return timeouts.dotMs;
    return timeouts.commandMs;
  }

  #refuseRest(reply: SmtpReply, stage: SmtpStage): void {
    this.#finish((address) => ({ status: 'refused', address, stage, reply }));
  }

  /** Those with a reply of their own keep it; the rest gets what was decided for all. */
  #finish(decideRest: (address: string) => RecipientReply): void {
    this.#context.connection.release();
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
