// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import { assertEnvelope, MAX_RECIPIENTS } from '../envelope.ts';
import { announcedBytes, type MessageBody, readBody } from '../message-body.ts';
import type { SmtpFaultRecord, SmtpReply, SmtpStage } from '../reply.ts';
import type { RecipientReply, SendObserver, SmtpRelay, SmtpSession, SmtpTransaction } from '../session.types.ts';
import type { OpenSessionOptions } from '../session-opening.ts';
import { Transcript } from '../transcript.ts';
import type { SandboxRelay } from './sandbox.types.ts';
import { type Simulation, simulate } from './simulate.ts';

const TAKEN: SmtpReply = { code: 250, enhanced: '2.0.0', text: 'captured by the sandbox, and sent to nobody' };
const OK: SmtpReply = { code: 250, enhanced: '2.1.0', text: 'ok' };
const GO_ON: SmtpReply = { code: 354, enhanced: null, text: 'go on' };
const NOT_ALL: SmtpReply = {
  code: 451,
  enhanced: '4.7.0',
  text: '[mail-proxy, not sent] all recipients are to get it or none, and the sandbox refuses some',
};

/** The reply that a recipient has before the message is sent; null where it is to get the message. */
type Refusal = { readonly stage: SmtpStage; readonly reply: SmtpReply } | null;

/**
 * A session with nobody: it answers as the addresses say, and hands what it takes to whoever sends. All else that a
 * relay's session goes through, this one goes through as well: pool, limits, doubt, transcripts.
 */
export class SandboxSession implements SmtpSession {
  readonly smtpUtf8 = true;
  readonly pipelining = false;
  readonly maxRecipients = MAX_RECIPIENTS;
  readonly statedMaxRecipients = null;
  readonly maxRecipientDomains = null;
  readonly maxTransactions = null;
  readonly #clock: Clock;
  readonly #relay: Pick<SmtpRelay, 'timeouts'> & { readonly sandbox: SandboxRelay };
  readonly #onUnusable: () => void;
  readonly #closed = new AbortController();
  readonly #transcript: Transcript;
  #transactions = 0;
  #lastDotMs: number | null = null;

  constructor(
    relay: Pick<SmtpRelay, 'timeouts'> & { readonly sandbox: SandboxRelay },
    { clock, onUnusable = () => undefined }: Pick<OpenSessionOptions, 'clock' | 'onUnusable'>,
  ) {
    this.#relay = relay;
    this.#clock = clock;
    this.#onUnusable = onUnusable;
    this.#transcript = new Transcript(clock);
  }

  get usable(): boolean {
    return !this.#closed.signal.aborted;
  }

  get transactions(): number {
    return this.#transactions;
  }

  get transcript(): readonly string[] {
    return this.#transcript.lines;
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
    this.#transcript.restart();
    this.#transcript.note('a sandbox: nothing leaves this machine');
    const replies = await this.#run(transaction, mayMail);
    observer.onTranscript?.(this.#transcript.lines);
    return replies;
  }

  async check(): Promise<boolean> {
    return this.usable;
  }

  async quit(): Promise<void> {
    this.destroy();
  }

  destroy(): void {
    if (!this.usable) return;
    this.#closed.abort();
    this.#onUnusable();
  }

  async #run(transaction: SmtpTransaction, mayMail: () => boolean): Promise<readonly RecipientReply[]> {
    const { from, to, body, sandbox } = transaction;
    if (!this.usable) return brokenFor(to, { kind: 'closed', stage: 'mail', text: 'the session has ended' });
    if (!mayMail()) return brokenFor(to, { kind: 'aborted', stage: 'mail', text: 'stopped before MAIL' });
    this.#transactions += 1;
    this.#say(`MAIL FROM:<${from}>`);
    const tooLarge = this.#tooLarge(body);
    if (tooLarge !== null) return this.#refuseAll(to, { stage: 'mail', reply: tooLarge });
    this.#reply(OK);
    const simulations = to.map((address, index) => simulate(address, sandbox?.attempts[index] ?? 0));
    const refusals = this.#askRecipients(transaction, simulations);
    const taken = to.filter((_, index) => refusals[index] === null);
    if (taken.length === 0) return repliesOf(to, refusals, TAKEN);
    this.#say('DATA');
    this.#reply(GO_ON);
    let bytes: Uint8Array;
    try {
      bytes = await wholeOf(body);
    } catch (cause) {
      this.destroy();
      return brokenFor(to, { kind: 'aborted', stage: 'body', text: 'the message could not be read', cause });
    }
    this.#transcript.clientBytes(bytes.byteLength);
    const fault = await this.#untilReply(simulations.filter((_, index) => refusals[index] === null));
    if (fault !== null) {
      this.#transcript.note(fault.text);
      this.destroy();
      return repliesOf(to, refusals, { fault });
    }
    this.#reply(TAKEN);
    sandbox?.onTaken({ from, to: taken, bytes });
    return repliesOf(to, refusals, TAKEN);
  }

  #askRecipients({ to, allOrNone }: SmtpTransaction, simulations: readonly Simulation[]): readonly Refusal[] {
    const refusals = to.map((address, index): Refusal => {
      const simulation = simulations[index];
      this.#say(`RCPT TO:<${address}>`);
      const reply = simulation?.kind === 'refuse' ? simulation.reply : null;
      this.#reply(reply ?? OK);
      return reply === null ? null : { stage: 'rcpt', reply };
    });
    if (allOrNone !== true || refusals.every((refusal) => refusal === null)) return refusals;
    return refusals.map((refusal) => refusal ?? { stage: 'rcpt', reply: NOT_ALL });
  }

  /** Wait as long as the slowest of the recipients says. @returns why no reply came; null where it did */
  async #untilReply(simulations: readonly Simulation[]): Promise<SmtpFaultRecord | null> {
    if (simulations.some(({ kind }) => kind === 'cut')) {
      return { kind: 'closed', stage: 'dot', text: 'the sandbox cuts the connection in the place of a reply' };
    }
    const { dotMs } = this.#relay.timeouts;
    const afterMs = Math.max(0, ...simulations.map((one) => (one.kind === 'accept' ? one.afterMs : 0)));
    if (afterMs > 0) await this.#clock.sleep(Math.min(afterMs, dotMs), this.#closed.signal);
    this.#lastDotMs = afterMs;
    if (!this.usable) return { kind: 'closed', stage: 'dot', text: 'the session was ended before the reply' };
    return afterMs > dotMs ? { kind: 'timeout', stage: 'dot', text: `no reply within ${dotMs} ms` } : null;
  }

  #tooLarge(body: MessageBody): SmtpReply | null {
    const { maxBytes } = this.#relay.sandbox;
    const bytes = announcedBytes(body);
    if (bytes <= maxBytes) return null;
    return { code: 552, enhanced: '5.3.4', text: `the sandbox takes ${maxBytes} bytes, and the message has ${bytes}` };
  }

  #refuseAll(to: readonly string[], refusal: NonNullable<Refusal>): readonly RecipientReply[] {
    this.#reply(refusal.reply);
    return to.map((address) => ({ status: 'refused', address, ...refusal }));
  }

  #say(command: string): void {
    this.#transcript.client(`${command}\r\n`);
  }

  #reply(reply: SmtpReply): void {
    this.#transcript.server(reply, [reply.text]);
  }
}

function brokenFor(to: readonly string[], fault: SmtpFaultRecord): readonly RecipientReply[] {
  return to.map((address) => ({ status: 'broken', address, fault, doubt: false }));
}

/** Those that were refused have their own reply, the others that of the message, or none. */
function repliesOf(
  to: readonly string[],
  refusals: readonly Refusal[],
  end: SmtpReply | { readonly fault: SmtpFaultRecord },
): readonly RecipientReply[] {
  return to.map((address, index): RecipientReply => {
    const refusal = refusals[index] ?? null;
    if (refusal !== null) return { status: 'refused', address, ...refusal };
    if ('fault' in end) return { status: 'broken', address, fault: end.fault, doubt: true };
    return { status: 'accepted', address, reply: end };
  });
}

async function wholeOf(body: MessageBody): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const pieces: Buffer[] = [];
  for await (const piece of readBody(body)) pieces.push(piece);
  return Buffer.concat(pieces);
}
