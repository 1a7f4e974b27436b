// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { NumberedEventRow } from '../entities/message-event/message-event.store.ts';
import { type ReportEvent, toReportEvent } from '../reporting/report-protocol.ts';
import { WakeUp } from '../wake-up.ts';

export interface EventStreamOptions {
  /** @defaultValue `default` */
  readonly tenantId?: string;
  /** Begin after this sequence number. @defaultValue 0: from the first event that is kept */
  readonly after?: number;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/** Tells readers that a tenant has new events. */
export class EventBell {
  readonly #waiting = new Map<string, Set<() => void>>();

  ring(tenantId: string): void {
    for (const wake of this.#waiting.get(tenantId) ?? []) wake();
  }

  /** Call `wake` at each ring until disposed. */
  listen(tenantId: string, wake: () => void): Disposable {
    const listeners = this.#waiting.get(tenantId) ?? new Set();
    this.#waiting.set(tenantId, listeners);
    listeners.add(wake);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(wake);
        if (listeners.size === 0) this.#waiting.delete(tenantId);
      },
    };
  }
}

export interface EventStreamServices {
  readonly clock: Clock;
  readonly bell: EventBell;
  readonly listAfter: (tenantId: string, seq: number, limit: number) => Promise<readonly NumberedEventRow[]>;
  readonly stopped: AbortSignal;
}

const PAGE = 500;
/** Other instances number events too, and ring no bell here. */
const POLL_MS = 1_000;

/**
 * A tenant's events in the order of their numbers, those to come as well. A reader that keeps the `seq` of the last
 * event it handled and begins after it the next time misses none and sees none twice.
 */
export async function* eventStream(
  { clock, bell, listAfter, stopped }: EventStreamServices,
  { tenantId = 'default', after = 0, signal }: EventStreamOptions,
): AsyncGenerator<ReportEvent, void, undefined> {
  const ended = signal === undefined ? stopped : AbortSignal.any([signal, stopped]);
  let seq = after;
  const news = new WakeUp(clock);
  using _listening = bell.listen(tenantId, () => news.set());
  while (!ended.aborted) {
    const rows = await listAfter(tenantId, seq, PAGE);
    for (const row of rows) {
      seq = row.seq;
      yield toReportEvent(row);
    }
    if (rows.length === 0) await news.wait(ended, POLL_MS);
  }
}
