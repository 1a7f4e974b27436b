// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';

/** Calls `onSilence` once nothing was heard for `silenceMs`, until it is disposed of. */
export class Watchdog implements Disposable {
  readonly #clock: Clock;
  readonly #silenceMs: number;
  readonly #onSilence: () => void;
  #heardAt: number;
  #timer: Disposable;

  constructor(clock: Clock, silenceMs: number, onSilence: () => void) {
    this.#clock = clock;
    this.#silenceMs = silenceMs;
    this.#onSilence = onSilence;
    this.#heardAt = clock.monotonic();
    this.#timer = clock.after(silenceMs, () => this.#look());
  }

  /** Cheap: no timer is set anew for each answer. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  #look(): void {
    const leftMs = this.#heardAt + this.#silenceMs - this.#clock.monotonic();
    if (leftMs <= 0) this.#onSilence();
    else this.#timer = this.#clock.after(leftMs, () => this.#look());
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
