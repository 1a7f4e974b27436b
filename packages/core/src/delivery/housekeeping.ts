// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { DeliverySettings } from '../config/engine-config.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Expire, ExpiredMessage } from '../queue/expire.ts';
import type { LaneKey } from '../queue/lanes.ts';
import { TRIM_MS } from './captured-room.ts';

export interface HousekeepingServices {
  readonly clock: Clock;
  readonly log: Log;
  readonly expire: Expire;
  /** Finish suspensions and activations of batches that a dead process left. */
  readonly sweepBatches: (now: number) => Promise<readonly LaneKey[]>;
  readonly forgetUses: (now: number) => Promise<void>;
  /** Delete files that no message has and nobody wanted since then, up to a limit. @returns how many */
  readonly forgetFiles: (before: number, limit: number) => Promise<number>;
  /** Forget answers whose keys are free again, up to a limit. @returns how many */
  readonly forgetAnswers: (now: number, limit: number) => Promise<number>;
  /** Delete entries of suppression lists whose time is over, up to a limit. @returns how many */
  readonly forgetSuppressions: (now: number, limit: number) => Promise<number>;
  /** Let accounts go on that were paused by hand until a time that is past. */
  readonly endPauses: () => Promise<void>;
  /** Remove what sandboxes captured too much of. */
  readonly tidyCaptured: (signal: AbortSignal) => Promise<void>;
  readonly sweepCache: (signal: AbortSignal) => Promise<void>;
  readonly onExpired: (messages: readonly ExpiredMessage[]) => void;
  readonly onReady: (lane: LaneKey) => void;
  readonly settings: Pick<DeliverySettings, 'expirySweepMs'>;
}

/** Messages expired in one go. */
const EXPIRE_BATCH = 500;
const SWEEP_BATCHES_MS = 60_000;
const FORGET_USES_MS = 3_600_000;
/** A file that a client sends ahead of its message is kept this long without one. */
const FILES_KEPT_MS = 3_600_000;
const FORGET_FILES_MS = 600_000;
const FORGET_FILES_BATCH = 100;
const FORGET_ANSWERS_MS = 60_000;
const FORGET_ANSWERS_BATCH = 500;
const FORGET_SUPPRESSIONS_MS = 600_000;
const FORGET_SUPPRESSIONS_BATCH = 500;
/** Their mail goes on in time without this: it only tells that they do. */
const END_PAUSES_MS = 10_000;
const SWEEP_CACHE_MS = 600_000;

/** What has to be done now and then, whether or not mail moves. */
export class Housekeeping {
  readonly #s: HousekeepingServices;

  constructor(services: HousekeepingServices) {
    this.#s = services;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { settings, sweepBatches, forgetUses, sweepCache, clock, onReady } = this.#s;
    const { forgetFiles, forgetAnswers, forgetSuppressions, endPauses, tidyCaptured } = this.#s;
    await Promise.all([
      this.#every(settings.expirySweepMs, signal, () => this.#expire(signal)),
      this.#every(SWEEP_BATCHES_MS, signal, async () => {
        for (const lane of await sweepBatches(clock.now())) onReady(lane);
      }),
      this.#every(FORGET_USES_MS, signal, () => forgetUses(clock.now())),
      this.#every(FORGET_FILES_MS, signal, () =>
        this.#forgetAll(FORGET_FILES_BATCH, signal, (limit) => forgetFiles(clock.now() - FILES_KEPT_MS, limit)),
      ),
      this.#every(FORGET_ANSWERS_MS, signal, () =>
        this.#forgetAll(FORGET_ANSWERS_BATCH, signal, (limit) => forgetAnswers(clock.now(), limit)),
      ),
      this.#every(FORGET_SUPPRESSIONS_MS, signal, () =>
        this.#forgetAll(FORGET_SUPPRESSIONS_BATCH, signal, (limit) => forgetSuppressions(clock.now(), limit)),
      ),
      this.#every(END_PAUSES_MS, signal, endPauses),
      this.#every(TRIM_MS, signal, () => tidyCaptured(signal)),
      this.#every(SWEEP_CACHE_MS, signal, () => sweepCache(signal)),
    ]);
  }

  async #expire(signal: AbortSignal): Promise<void> {
    const { expire, clock, onExpired } = this.#s;
    for (;;) {
      const expired = await expire(clock.now(), EXPIRE_BATCH);
      onExpired(expired);
      if (expired.length < EXPIRE_BATCH || signal.aborted) return;
    }
  }

  /** Forget until less than a batch was left. */
  async #forgetAll(batch: number, signal: AbortSignal, forget: (limit: number) => Promise<number>): Promise<void> {
    while (!signal.aborted) if ((await forget(batch)) < batch) return;
  }

  async #every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (isMailProxyError(error)) this.#s.log.warn({ code: error.code }, 'housekeeping waits');
        else this.#s.log.error({ err: error }, 'housekeeping failed and goes on');
      }
      await this.#s.clock.sleep(ms, signal);
    }
  }
}
