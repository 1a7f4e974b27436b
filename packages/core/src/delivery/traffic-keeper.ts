// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { TrafficStore } from '../entities/statistics/traffic.store.ts';
import { MINUTE_MS, minuteOf, type Traffic } from '../entities/statistics/traffic.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';

export interface TrafficKeeperParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly traffic: Pick<Traffic, 'closeBefore' | 'minutesBefore' | 'forgetBefore'>;
  readonly store: Pick<TrafficStore, 'write'>;
  readonly session: () => number;
}

/** Minutes that a database which is away for long may cost memory for. */
const MAX_KEPT_MS = 60 * MINUTE_MS;

/** Writes down what was counted: once a minute, in one commit, where anything happened; and what is left at the end. */
export class TrafficKeeper {
  readonly #p: TrafficKeeperParts;

  constructor(parts: TrafficKeeperParts) {
    this.#p = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#p;
    while (!signal.aborted) {
      await clock.sleep(minuteOf(clock.now()) + MINUTE_MS - clock.now(), signal);
      await this.#write(minuteOf(clock.now()), signal.aborted);
    }
  }

  /**
   * Minutes that began before then, and later ones into which a clock that stepped back since did count; what could not be
   * written is written with the next ones.
   *
   * @param isLast - that of now, too
   */
  async #write(before: number, isLast: boolean): Promise<void> {
    const { clock, log, traffic, store, session } = this.#p;
    if (!isLast) traffic.closeBefore(before);
    try {
      const minutes = traffic.minutesBefore(Number.POSITIVE_INFINITY);
      await store.write(session(), isLast ? minutes : minutes.filter(({ at }) => at !== before));
      traffic.forgetBefore(isLast ? Number.POSITIVE_INFINITY : before);
    } catch (error) {
      if (isMailProxyError(error)) log.warn({ code: error.code }, 'the statistics of a minute wait');
      else log.error({ err: error }, 'the statistics of a minute could not be written');
      traffic.forgetBefore(minuteOf(clock.now()) - MAX_KEPT_MS);
    }
  }
}
