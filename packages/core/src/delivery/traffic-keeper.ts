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
  readonly traffic: Pick<Traffic, 'minutesBefore' | 'forgetBefore'>;
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
      await this.#write(signal.aborted ? Number.POSITIVE_INFINITY : minuteOf(clock.now()));
    }
  }

  /** Minutes that began before then; what could not be written is written with the next ones. */
  async #write(before: number): Promise<void> {
    const { clock, log, traffic, store, session } = this.#p;
    try {
      await store.write(session(), traffic.minutesBefore(before));
      traffic.forgetBefore(before);
    } catch (error) {
      if (isMailProxyError(error)) log.warn({ code: error.code }, 'the statistics of a minute wait');
      else log.error({ err: error }, 'the statistics of a minute could not be written');
      traffic.forgetBefore(minuteOf(clock.now()) - MAX_KEPT_MS);
    }
  }
}
