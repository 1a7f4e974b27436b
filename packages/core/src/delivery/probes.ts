// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { DeliverySettings } from '../config/engine-config.ts';

export interface ProbeServices {
  readonly clock: Clock;
  readonly pauses: {
    list(): Promise<readonly { readonly accountPk: string; readonly isByHand: boolean }[]>;
    /** Moves the end of a pause that is over; true for the one caller of all instances that did. */
    takeProbe(accountPk: string, now: number, until: number): Promise<boolean>;
  };
  readonly settings: Pick<DeliverySettings, 'accountPauseMs'>;
}

/**
 * The accounts that are paused after failures, and the right to try one of their messages once a pause is over. One instance gets
 * that right at a time, and loses it with the next pause's end: so a wrong password costs one login a pause.
 */
export class Probes {
  readonly #s: ProbeServices;
  readonly #paused = new Set<string>();
  /** Accounts that a person paused: their mail waits for that person or a time, and for no probe. */
  readonly #stopped = new Set<string>();
  /** Accounts whose probe is ours and not used yet, and until when it is ours. */
  readonly #inHand = new Map<string, number>();

  constructor(services: ProbeServices) {
    this.#s = services;
  }

  isPaused(accountPk: string): boolean {
    return this.#paused.has(accountPk);
  }

  isStopped(accountPk: string): boolean {
    return this.#stopped.has(accountPk);
  }

  stopped(accountPk: string): void {
    this.resumed(accountPk);
    this.#stopped.add(accountPk);
  }

  paused(accountPk: string): void {
    this.#paused.add(accountPk);
    this.#inHand.delete(accountPk);
  }

  resumed(accountPk: string): void {
    this.#stopped.delete(accountPk);
    this.#paused.delete(accountPk);
    this.#inHand.delete(accountPk);
  }

  /** Learn what other instances paused and resumed. */
  async refresh(): Promise<void> {
    const known = await this.#s.pauses.list();
    const pausedBy = (hand: boolean): Set<string> =>
      new Set(known.filter(({ isByHand }) => isByHand === hand).map(({ accountPk }) => accountPk));
    const [paused, stopped] = [pausedBy(false), pausedBy(true)];
    for (const accountPk of this.#paused) if (!paused.has(accountPk)) this.resumed(accountPk);
    for (const accountPk of paused) this.#paused.add(accountPk);
    for (const accountPk of this.#stopped) if (!stopped.has(accountPk)) this.#stopped.delete(accountPk);
    for (const accountPk of stopped) this.#stopped.add(accountPk);
  }

  /** Whether the probe of this account is ours now. */
  async take(accountPk: string): Promise<boolean> {
    const { clock, pauses, settings } = this.#s;
    const now = clock.now();
    if ((this.#inHand.get(accountPk) ?? 0) > now) return true;
    const until = now + settings.accountPauseMs;
    if (!(await pauses.takeProbe(accountPk, now, until))) return false;
    this.#inHand.set(accountPk, until);
    return true;
  }

  /** A message goes as the probe. */
  spent(accountPk: string): void {
    this.#inHand.delete(accountPk);
  }
}
