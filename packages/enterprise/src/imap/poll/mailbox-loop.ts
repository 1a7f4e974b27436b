// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Leases, Log, Random } from '@mail-proxy/core';
import type { Mailbox } from '../mailbox/mailbox.model.ts';
import type { MailboxStore } from '../mailbox/mailbox.store.ts';
import type { ImapPositionsTable } from '../mailbox/mailbox.table.ts';
import { type CheckParts, checkMailbox } from './check-mailbox.ts';
import type { ConnectionSlots, Slot } from './connection-slots.ts';
import type { ImapSession } from './imap-session.ts';
import type { CheckOutcome, MailStore } from './mail.store.ts';
import { failureOf, type MailboxFailure } from './mailbox-failure.ts';
import type { SessionOpener } from './open-session.ts';
import type { PollSettings } from './poll-settings.ts';

export interface MailboxLoopParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly leases: Leases;
  readonly slots: ConnectionSlots;
  readonly opener: Pick<SessionOpener, 'open'>;
  readonly mailboxes: Pick<MailboxStore, 'find'>;
  readonly mails: MailStore;
  readonly check: CheckParts;
  readonly settings: PollSettings;
  /** A check is over. */
  readonly onChecked: (condition: 'ok' | 'failing' | 'login_failed') => void;
}

/** A server asked for IDLE may forget it after 29 minutes (RFC 2177). */
const MAX_IDLE_MS = 1_500_000;
/** More mail may be due than is tried again in one check. */
const MIN_WAIT_MS = 1_000;
/** After so many looks, ask whether the instance that had it is gone. */
const TAKE_OVER_LOOKS = 6;
/** Mail that comes in a burst is looked for once. */
const BURST_MS = 100;
/** Connections that may end while logging in before that is taken for a refusal. */
const AUTH_FAILURES = 2;
const MAX_LOGIN_RETRY_MS = 3_600_000;

/**
 * Looks into one mailbox, again and again: at its interval, when its server tells of mail, when it is asked to. It never
 * fails; what goes wrong is written to the mailbox's row, and tried again later and later.
 */
export class MailboxLoop {
  readonly #p: MailboxLoopParts;
  readonly #pk: string;
  #poked = Promise.withResolvers<void>();
  #version: number;
  /** The last request to check that a check began after; null before the first. */
  #servedAsk: number | null = null;
  /** Whether it is this instance that looks into it. */
  #isOurs = false;
  /** When to ask whether it may be; on the wall clock. */
  #askAt = 0;

  constructor(pk: string, version: number, parts: MailboxLoopParts) {
    this.#p = parts;
    this.#pk = pk;
    this.#version = version;
  }

  /** Its row was changed, or it was asked to check. */
  poke(): void {
    this.#poked.resolve();
  }

  /** What another instance may have changed. */
  seen(version: number): void {
    if (version === this.#version) return;
    this.#version = version;
    this.poke();
  }

  /** Returns soon after `signal` aborts, or when the mailbox is gone or disabled. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const waitMs = await this.#turn(signal);
        if (waitMs === null) break;
        await this.#wait(waitMs, signal);
      } catch (error) {
        // The database, mostly: what the mailbox does is dealt with below.
        this.#p.log.warn({ mailboxPk: this.#pk, err: error }, 'a mailbox could not be looked into');
        await this.#wait(this.#p.settings.retryMs, signal);
      }
    }
    await this.#p.leases.release(this.#pk).catch((error: unknown) => {
      this.#p.log.warn({ mailboxPk: this.#pk, err: error }, 'the right to a mailbox could not be given back');
    });
  }

  /** @returns milliseconds until the next one; null when there is none */
  async #turn(signal: AbortSignal): Promise<number | null> {
    const { mailboxes, mails, leases, slots, clock, settings } = this.#p;
    // Before the row is read: a change after that ends the wait.
    this.#poked = Promise.withResolvers<void>();
    const [mailbox, position] = await Promise.all([mailboxes.find(this.#pk), mails.position(this.#pk)]);
    if (mailbox === null || position === null || !mailbox.isEnabled) return null;
    this.#version = mailbox.version;
    const dueMs = position.next_check_at - clock.now();
    const isDue = dueMs <= 0 || this.#isAskedFor(position);
    const askMs = this.#askAt - clock.now();
    if (!isDue && (this.#isOurs || askMs > 0)) return this.#isOurs ? dueMs : Math.min(dueMs, askMs);
    const wasOurs = this.#isOurs;
    this.#isOurs = await leases.take(this.#pk);
    this.#askAt = clock.now() + this.#jittered(TAKE_OVER_LOOKS * settings.lookMs);
    if (!this.#isOurs) {
      // Requests are served by whose it is.
      this.#servedAsk = null;
      return settings.lookMs;
    }
    // Whoever had it may have been told of mail by the server, which nobody is now. A failure has its time, however.
    const isTakenOver = !wasOurs && position.condition === 'ok';
    if (!isDue && !isTakenOver) return dueMs;
    using slot = await slots.take(mailbox.tenantId, signal);
    if (slot === null) return 0;
    // That may have taken long.
    const [current, reached] = await Promise.all([mailboxes.find(this.#pk), mails.position(this.#pk)]);
    if (current === null || reached === null || !current.isEnabled) return null;
    this.#version = current.version;
    this.#isOurs = await leases.take(this.#pk);
    if (!this.#isOurs) return settings.lookMs;
    await this.#visit({ mailbox: current, position: reached, slot, signal });
    return 0;
  }

  async #visit({ mailbox, position, slot, signal }: Visit): Promise<void> {
    const { opener, clock, onChecked } = this.#p;
    try {
      // Whether the server can be reached or not: a request is worth one try, and then the time of a failure holds.
      this.#servedAsk = position.asked_at;
      await using session = await opener.open(mailbox, signal);
      if (session === null) return;
      for (let isFirst = true; ; isFirst = false) {
        if (!isFirst && !(await this.#isStillOurs(mailbox))) return;
        const found = await checkMailbox(this.#p.check, { session, mailbox, signal });
        if (signal.aborted) return;
        const waitMs = found === 'more' ? 0 : await this.#untilNextMs(mailbox);
        await this.#write(mailbox, { condition: 'ok', error: null, failures: 0, nextAt: clock.now() + waitMs });
        onChecked('ok');
        // The rest is read when those that wait for a connection had theirs.
        if (found === 'more') return;
        if (!session.canIdle || !(await this.#idle(session, { slot, waitMs, signal }))) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      const failure = failureOf(error);
      const condition = failure.isLogin ? 'login_failed' : 'failing';
      const failures = (await this.#p.mails.position(mailbox.pk))?.failures ?? position.failures;
      const nextAt = clock.now() + this.#delayMs(failure, failures + 1);
      this.#p.log.warn(
        {
          mailboxPk: mailbox.pk,
          tenantId: mailbox.tenantId,
          ...failure.shown,
          failures: failures + 1,
          ...errOf(failure),
        },
        'a mailbox could not be checked',
      );
      await this.#write(mailbox, { condition, error: failure.shown, failures: failures + 1, nextAt });
      onChecked(condition);
    }
  }

  /** While it was checked: what came then may not have been seen. A server that refuses the login is not asked. */
  #isAskedFor({ condition, asked_at }: ImapPositionsTable): boolean {
    return condition !== 'login_failed' && this.#servedAsk !== null && asked_at > this.#servedAsk;
  }

  /** The interval, or less where mail is to be tried again before. */
  async #untilNextMs({ pk, pollIntervalS }: Mailbox): Promise<number> {
    const intervalMs = this.#jittered(pollIntervalS * 1_000);
    const dueAt = await this.#p.mails.nextDue(pk);
    return dueAt === null ? intervalMs : Math.min(intervalMs, Math.max(MIN_WAIT_MS, dueAt - this.#p.clock.now()));
  }

  /** @returns whether there is a reason to check again in the same session */
  async #idle(session: ImapSession, { slot, waitMs, signal }: Idling): Promise<boolean> {
    const { clock } = this.#p;
    using timer = timerOf(clock, Math.min(waitMs, MAX_IDLE_MS));
    const isWanted = slot.wanted.then(() => true);
    const isOver = Promise.race([timer.fired, this.#poked.promise]).then(() => false);
    const aborted = abortOf(signal);
    const gaveUp = Promise.race([isWanted, isOver, aborted.promise.then(() => true)]);
    try {
      const found = await session.idle(gaveUp.then(() => undefined));
      if (found === 'refused' || signal.aborted) return false;
      if (found === 'until') return !(await gaveUp);
      await clock.sleep(BURST_MS, signal);
      return !signal.aborted;
    } finally {
      aborted[Symbol.dispose]();
    }
  }

  /** Before each further check: settings may be others, and so may be the instance whose mailbox it is. */
  async #isStillOurs(mailbox: Mailbox): Promise<boolean> {
    this.#poked = Promise.withResolvers<void>();
    const { mailboxes, mails } = this.#p;
    const [now, position] = await Promise.all([mailboxes.find(mailbox.pk), mails.position(mailbox.pk)]);
    if (now?.isEnabled !== true || now.version !== mailbox.version || position === null) return false;
    this.#servedAsk = position.asked_at;
    this.#isOurs = await this.#p.leases.take(this.#pk);
    return this.#isOurs;
  }

  /** A refused login is never repeated within five minutes; the rest is tried sooner, and both later each time. */
  #delayMs({ isLogin, retryAfterMs, shown }: MailboxFailure, failures: number): number {
    const { retryMs, maxRetryMs, loginRetryMs } = this.#p.settings;
    // Some servers say no by hanging up.
    const isRefused = isLogin || (shown.stage === 'auth' && failures > AUTH_FAILURES);
    const [first, most] = isRefused ? [loginRetryMs, MAX_LOGIN_RETRY_MS] : [retryMs, maxRetryMs];
    // The exponent is bounded, so that the product is a number.
    const delayMs = Math.min(first * 2 ** Math.min(failures - 1, 20), Math.max(first, most));
    return Math.max(this.#jittered(delayMs), retryAfterMs);
  }

  /** Up to a tenth longer, so that mailboxes that failed together do not come back together. */
  #jittered(ms: number): number {
    return Math.round(ms * (1 + this.#p.random() / 10));
  }

  async #write({ pk, version }: Mailbox, outcome: Omit<CheckOutcome, 'now' | 'version'>): Promise<void> {
    await this.#p.mails.checked(pk, { ...outcome, version, now: this.#p.clock.now() });
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0) return;
    using timer = timerOf(this.#p.clock, ms);
    using aborted = abortOf(signal);
    await Promise.race([timer.fired, this.#poked.promise, aborted.promise]);
  }
}

interface Visit {
  readonly mailbox: Mailbox;
  readonly position: ImapPositionsTable;
  readonly slot: Slot;
  readonly signal: AbortSignal;
}

interface Idling {
  readonly slot: Slot;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

function timerOf(clock: Clock, ms: number): Disposable & { readonly fired: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(ms, resolve);
  return { fired: promise, [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

function abortOf(signal: AbortSignal): Disposable & { readonly promise: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  const onAbort = (): void => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  return { promise, [Symbol.dispose]: () => signal.removeEventListener('abort', onAbort) };
}

/** The stack of a bug; what a server did needs none. */
function errOf({ cause, shown }: MailboxFailure): { readonly err?: unknown } {
  return shown.stage === 'internal' ? { err: cause } : {};
}
