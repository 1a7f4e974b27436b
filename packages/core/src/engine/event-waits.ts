// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { MailProxyError } from '../errors.ts';
import { WakeUp } from '../wake-up.ts';
import type { EventBell } from './event-stream.ts';

export interface EventWaitsParts {
  readonly clock: Clock;
  readonly bell: EventBell;
  readonly stopped: AbortSignal;
  /** Of one tenant at the same time. */
  readonly maxWaiting: number;
}

export interface EventWait {
  /** Looks for events; true ends the wait. */
  readonly look: () => Promise<boolean>;
  readonly ms: number;
  /** Aborts when the reader is gone. */
  readonly signal: AbortSignal | undefined;
}

/** A ring may be missed while other instances are not heard. */
const POLL_MS = 5_000;

/** Readers that wait for a tenant's next event. Each tenant has so many places, so that none keeps all connections busy. */
export class EventWaits {
  readonly #parts: EventWaitsParts;
  readonly #waiting = new Map<string, number>();

  constructor(parts: EventWaitsParts) {
    this.#parts = parts;
  }

  /** Readers that wait at this moment. */
  get size(): number {
    let size = 0;
    for (const count of this.#waiting.values()) size += count;
    return size;
  }

  /**
   * Wait until there are events, the time is over, the reader is gone or the engine stops.
   *
   * @throws {MailProxyError} `rate_limited` when as many wait for the tenant as may
   */
  async wait(tenantId: string, { look, ms, signal }: EventWait): Promise<void> {
    const { clock, bell, stopped } = this.#parts;
    using _place = this.#take(tenantId);
    const ended = signal === undefined ? stopped : AbortSignal.any([signal, stopped]);
    const news = new WakeUp(clock);
    using _listening = bell.listen(tenantId, () => news.set());
    const until = clock.monotonic() + ms;
    // Looked at once more after the bell is heard: events of the moment before ring no more.
    while (!(await look())) {
      const left = until - clock.monotonic();
      if (ended.aborted || left <= 0) return;
      await news.wait(ended, Math.min(left, POLL_MS));
      if (ended.aborted) return;
    }
  }

  #take(tenantId: string): Disposable {
    const count = this.#waiting.get(tenantId) ?? 0;
    if (count >= this.#parts.maxWaiting) {
      throw new MailProxyError('rate_limited', {
        detail: `${count} calls wait for events of the tenant already`,
        retryAfterMs: 1_000,
      });
    }
    this.#waiting.set(tenantId, count + 1);
    return {
      [Symbol.dispose]: () => {
        const left = (this.#waiting.get(tenantId) ?? 1) - 1;
        if (left === 0) this.#waiting.delete(tenantId);
        else this.#waiting.set(tenantId, left);
      },
    };
  }
}
