// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { StageName, StageTime } from '../observability/stages.ts';

/** Takes the time from the end of one stage to that of the next. */
export class StageTimes {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #taken = new Map<StageName, number>();
  #since: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** The stage is over; one that comes again, as the greeting does under TLS, is summed up. */
  end(stage: StageName): void {
    const now = this.#clock.monotonic();
    this.#taken.set(stage, (this.#taken.get(stage) ?? 0) + now - this.#since);
    this.#since = now;
  }

  get taken(): readonly StageTime[] {
    return [...this.#taken].map(([stage, ms]) => ({ stage, ms }));
  }
}
