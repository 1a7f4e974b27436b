// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { DeliverySettings } from '../config/engine-config.ts';
import type {
  AccountPause,
  AccountPauseStore,
  EndedPause,
  PauseByHand,
  PauseReason,
} from '../entities/account/account-pause.store.ts';
import type { Log } from '../observability/log.ts';

/** Whose health it is. */
export interface CheckedAccount {
  readonly pk: string;
  readonly tenantId: string;
  /** The client's. */
  readonly id: string;
}

export interface AccountHealthServices {
  readonly clock: Clock;
  readonly log: Log;
  readonly pauses: Pick<AccountPauseStore, 'pause' | 'pauseByHand' | 'resume' | 'endOver' | 'listOver' | 'get'>;
  readonly settings: Pick<DeliverySettings, 'accountPauseMs' | 'accountPauseMaxMs'>;
  /** The lane closes or opens, and the tenant is told. */
  readonly onPaused: (account: CheckedAccount) => Promise<void>;
  /** The same where a person paused it: nothing that was claimed and has not reached MAIL is sent. */
  readonly onStopped: (account: CheckedAccount) => Promise<void>;
  readonly onResumed: (account: CheckedAccount) => Promise<void>;
}

/**
 * Pauses an account whose credentials or TLS settings fail, longer with each probe that fails, and ends the pause when
 * one gets through. Its mail waits and uses up no attempt.
 */
export class AccountHealth {
  readonly #s: AccountHealthServices;
  /** Ends of the pauses made here: what was under way when a pause began says nothing new. */
  readonly #pausedUntil = new Map<string, number>();
  readonly #pausing = new Map<string, Promise<void>>();

  constructor(services: AccountHealthServices) {
    this.#s = services;
  }

  /** Whether a pause that was begun here goes on: what gets through now was under way before, and says nothing. */
  isResting(accountPk: string): boolean {
    return this.#s.clock.now() < (this.#pausedUntil.get(accountPk) ?? 0);
  }

  /**
   * Whether mail of the account must not ask for a connection now, because another attempt found that the account fails
   * after this mail was claimed. A pause that is about to be stored is waited for.
   */
  async rests(accountPk: string): Promise<boolean> {
    await this.#pausing.get(accountPk);
    if (!this.isResting(accountPk)) return false;
    // Another instance may have ended it.
    const pause = await this.#s.pauses.get(accountPk);
    return pause !== null && (pause.until === null || this.#s.clock.now() < pause.until);
  }

  /**
   * An attempt failed for the account's sake. Resolves once the pause is stored.
   *
   * @param restMs - how long the pause is to be; by the failures in a row if absent
   */
  async failed(account: CheckedAccount, reason: PauseReason, restMs?: number): Promise<void> {
    const { pauses } = this.#s;
    // Another instance may have ended the pause: then this failure begins a new one.
    if (this.isResting(account.pk) && (await pauses.get(account.pk)) !== null) return;
    let pausing = this.#pausing.get(account.pk);
    if (pausing === undefined) {
      pausing = this.#pause(account, reason, restMs).finally(() => this.#pausing.delete(account.pk));
      this.#pausing.set(account.pk, pausing);
    }
    await pausing;
  }

  /** A person pauses the account. */
  async stopped(account: CheckedAccount, how: Omit<PauseByHand, 'now'>): Promise<AccountPause> {
    const { pauses, clock, log, onStopped } = this.#s;
    const pause = await pauses.pauseByHand(account, { ...how, now: clock.now() });
    log.info(
      { accountPk: account.pk, tenantId: account.tenantId, until: pause.until },
      'the account is paused by hand',
    );
    await onStopped(account);
    return pause;
  }

  /** Let accounts go on that a person paused until a time which is past. */
  async endOver(): Promise<void> {
    const { pauses, clock, log, onResumed } = this.#s;
    for (const account of await pauses.listOver(clock.now())) {
      if (!(await pauses.endOver(account, clock.now()))) continue;
      log.info({ accountPk: account.pk, tenantId: account.tenantId }, 'the pause of the account is over');
      await onResumed(account);
    }
  }

  /**
   * The account works: a message got through, it was verified, or somebody says so.
   *
   * @param ended - `any` where a person's word ends what a person paused
   */
  async works(account: CheckedAccount, ended: EndedPause = 'failures'): Promise<void> {
    const { pauses, clock, log, onResumed } = this.#s;
    this.#pausedUntil.delete(account.pk);
    if (await pauses.resume(account, clock.now(), ended)) {
      log.info({ accountPk: account.pk, tenantId: account.tenantId }, 'the account works again');
    }
    await onResumed(account);
  }

  async #pause(account: CheckedAccount, reason: PauseReason, restMs: number | undefined): Promise<void> {
    const { pauses, clock, log, settings, onPaused } = this.#s;
    const now = clock.now();
    const { until, failures, isByHand } = await pauses.pause(account, reason, {
      now,
      until: (times) => now + (restMs ?? pauseMs(times, settings)),
    });
    if (isByHand || until === null) return;
    this.#pausedUntil.set(account.pk, until);
    const { stage, code } = reason;
    log.warn(
      { accountPk: account.pk, tenantId: account.tenantId, stage, code, failures, until },
      'the account is paused',
    );
    await onPaused(account);
  }
}

/** Doubled with each failure in a row. */
export function pauseMs(
  failures: number,
  { accountPauseMs, accountPauseMaxMs }: Pick<DeliverySettings, 'accountPauseMs' | 'accountPauseMaxMs'>,
): number {
  return Math.min(accountPauseMs * 2 ** Math.min(failures - 1, 30), Math.max(accountPauseMs, accountPauseMaxMs));
}
