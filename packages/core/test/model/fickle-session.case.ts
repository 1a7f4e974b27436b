// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Random } from '../../src/clock.ts';
import type { SmtpStage } from '../../src/smtp/reply.ts';
import type { RecipientReply, SmtpSession, SmtpTransaction } from '../../src/smtp/session.types.ts';
import type { OpenSessionOptions } from '../../src/smtp/session-opening.ts';
import { type FickleRelay, refusedBy, reply, type Sending, type Whim } from './fickle-relay.case.ts';
import { type Life, pauseMs } from './life.case.ts';

/** How a transaction goes on after a step: with the relay's word, or not at all. */
type Step = { readonly ok: true } | { readonly ok: false; readonly decide: (address: string) => RecipientReply };

const GOES_ON: Step = { ok: true };

/** Open a session with the relay, for a process. */
export async function openFickleSession(
  relay: FickleRelay,
  life: Life,
  { signal, onUnusable }: OpenSessionOptions,
): Promise<SmtpSession> {
  await relay.admit(life, signal);
  const session = new FickleSession(relay, life, onUnusable);
  relay.connected(session);
  return session;
}

/**
 * A session as smtp/ has them, without the bytes: it asks before MAIL, answers for every recipient, and is in doubt
 * between the final dot and its reply. Its process may die at every step.
 */
class FickleSession implements SmtpSession {
  readonly maxRecipients = 100;
  readonly statedMaxRecipients = null;
  readonly maxRecipientDomains = null;
  readonly maxTransactions = null;
  readonly transcript: readonly string[] = [];
  readonly lastDotMs = null;
  readonly smtpUtf8 = true;
  readonly pipelining = true;
  transactions = 0;
  readonly #relay: FickleRelay;
  readonly #life: Life;
  readonly #onUnusable: (() => void) | undefined;
  #isCut = false;

  constructor(relay: FickleRelay, life: Life, onUnusable: (() => void) | undefined) {
    this.#relay = relay;
    this.#life = life;
    this.#onUnusable = onUnusable;
  }

  get usable(): boolean {
    return !this.#isCut;
  }

  async send({ to, body }: SmtpTransaction, mayMail: () => boolean = () => true): Promise<readonly RecipientReply[]> {
    if (this.#isCut) return to.map(broken('mail', false));
    if (!mayMail()) {
      const fault = { kind: 'aborted', stage: 'mail', text: 'not to be sent any more' } as const;
      return to.map((address) => ({ status: 'broken', address, fault, doubt: false }));
    }
    this.transactions += 1;
    const { sending, fate } = this.#relay.begin(this.#life, body, to);
    try {
      return await this.#transact(sending, fate, to);
    } finally {
      sending.isOver = true;
    }
  }

  async check(): Promise<boolean> {
    await this.#hop(() => 0);
    return this.usable;
  }

  async quit(): Promise<void> {
    this.cut();
    await this.#life.arrival();
  }

  destroy(): void {
    this.cut();
  }

  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#life.whenAwake(() => this.#onUnusable?.());
  }

  async #transact(sending: Sending, fate: Random, to: readonly string[]): Promise<readonly RecipientReply[]> {
    const mail = await this.#step('mail', { sending, fate });
    if (!mail.ok) return to.map(mail.decide);
    const decided = new Map<string, RecipientReply>();
    for (const address of to) {
      const rcpt = await this.#step('rcpt', { sending, fate });
      if (rcpt.ok) continue;
      decided.set(address, rcpt.decide(address));
      if (this.#isCut) break;
    }
    const decideRest = (decide: (address: string) => RecipientReply) =>
      to.map((address) => decided.get(address) ?? decide(address));
    if (this.#isCut) return decideRest(broken('rcpt', false));
    const named = to.filter((address) => !decided.has(address));
    if (named.length === 0) return decideRest(broken('rcpt', false));
    const data = await this.#step('data', { sending, fate });
    if (!data.ok) return decideRest(data.decide);
    sending.to = named;
    // What a process does that slept since MAIL, it does without knowing what became of its message.
    sending.wasPaused = this.#life.pauses > sending.pauses;
    return decideRest(await this.#body(sending, fate));
  }

  /** From the body to the reply to the dot: what is written arrives, whatever becomes of who wrote it. */
  async #body(sending: Sending, fate: Random): Promise<(address: string) => RecipientReply> {
    const { clock, isKind } = this.#relay;
    sending.dotAt = clock.now();
    const whim = this.#relay.whim(fate);
    const isLost = fate() < 0.5;
    if (whim === 'dies' && fate() < 0.5) this.#life.die();
    await clock.sleep(1 + Math.floor(fate() * 10));
    if (whim === 'later' || whim === 'never') {
      sending.isRefused ||= whim === 'never';
      await this.#life.arrival();
      return refusedBy('dot', whim);
    }
    if (whim === 'sleeps') this.#life.pause(pauseMs(fate));
    const isBroken = (whim !== 'fine' && whim !== 'sleeps') || this.#isCut;
    if (!(isBroken && isLost)) sending.takenAs = this.#relay.count();
    if (isBroken) return this.#cutAtDot(whim);
    // Some relays take their time here.
    await clock.sleep(!isKind && fate() < 0.25 ? Math.floor(fate() * 15_000) : 0);
    await this.#hop(fate);
    if (this.#isCut) return broken('dot', true);
    return (address) => ({ status: 'accepted', address, reply: reply(250, '2.0.0') });
  }

  async #cutAtDot(whim: Whim): Promise<(address: string) => RecipientReply> {
    if (whim === 'dies') this.#life.die();
    this.cut();
    await this.#life.arrival();
    return broken('dot', true);
  }

  async #step(
    stage: SmtpStage,
    { sending, fate }: { readonly sending: Sending; readonly fate: Random },
  ): Promise<Step> {
    const whim = this.#relay.whim(fate);
    sending.isRefused ||= whim === 'never';
    if (whim === 'dies') this.#life.die();
    if (whim === 'sleeps') this.#life.pause(pauseMs(fate));
    await this.#hop(fate);
    if (whim === 'cut') this.cut();
    if (this.#isCut) return { ok: false, decide: broken(stage, false) };
    if (whim === 'closing') this.cut();
    return whim === 'later' || whim === 'never' || whim === 'closing'
      ? { ok: false, decide: refusedBy(stage, whim) }
      : GOES_ON;
  }

  /** There and back. */
  async #hop(fate: Random): Promise<void> {
    await this.#relay.clock.sleep(1 + Math.floor(fate() * 10));
    await this.#life.arrival();
  }
}

function broken(stage: SmtpStage, doubt: boolean) {
  return (address: string): RecipientReply => ({
    status: 'broken',
    address,
    fault: { kind: 'reset', stage, text: 'cut' },
    doubt,
  });
}
